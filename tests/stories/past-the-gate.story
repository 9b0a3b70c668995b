# The card line is dialled past the gate: silence before it rings, and an alarm.
# From the log of an Asterisk 22.10.1.

0.000 channel PJSIP/203-1 exten=705 context=from-internal
< start 203-1
0.001 channel PJSIP/700-1 call=203-1 exten=s context=from-internal
< stop 203-1
< alarm card-line-ungated 700-1
0.001 dial 203-1 700-1 700 context=from-internal
0.004 up 700-1
0.005 up 203-1
0.005 enter b1 700-1
0.005 enter b1 203-1
1.043 leave b1 203-1
1.044 leave b1 700-1
1.044 hangup 203-1
1.045 hangup 700-1
= 203-1: suspended 0.005-1.044 (card line)
= 700-1: exempt 0.004-1.045 (card line)
