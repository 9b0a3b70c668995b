# Blind transfer by SIP REFER to the card line and back.
# From the log of an Asterisk 16.28.0.

0.000 channel PJSIP/trunk-1 exten=02079460001 context=from-trunk
< start trunk-1
0.000 step inbound trunk-1 call=trunk-1
< answer trunk-1 done after inbound
0.004 up trunk-1
6.426 channel PJSIP/202-1 call=trunk-1 exten=s context=from-internal
< start 202-1
6.428 dial trunk-1 202-1 202 context=from-trunk
6.432 up 202-1
6.433 enter b1 202-1
6.433 enter b1 trunk-1
7.458 leave b1 202-1
7.458 leave b1 trunk-1
7.458 hangup 202-1
7.458 step card-gate trunk-1 call=trunk-1
< stop trunk-1
< answer trunk-1 clear back to PJSIP/202 after card-not-recorded
10.300 channel PJSIP/700-1 call=trunk-1 exten=s context=from-internal
10.300 dial trunk-1 700-1 700 context=callwarden-card-line
10.302 up 700-1
10.302 enter b2 700-1
10.302 enter b2 trunk-1
11.316 leave b2 700-1
11.316 leave b2 trunk-1
11.316 hangup 700-1
11.316 step card-left trunk-1 call=trunk-1
< start trunk-1
< answer trunk-1 done after recording-resumed
12.370 hangup trunk-1
= trunk-1: recorded 0.004-7.459, suspended 7.459-11.32 (card line by PJSIP/202), recorded 11.32-12.37
= 202-1: recorded 6.432-7.458
= 700-1: exempt 10.3-11.32 (card line)
