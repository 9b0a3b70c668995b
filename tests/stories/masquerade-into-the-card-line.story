# A masquerade gives the ringing phone's channel to the card line: it is the card line now, past the gate.
0.1 channel PJSIP/trunk-1 exten=02079460001
< start trunk-1
0.2 up trunk-1
0.3 channel PJSIP/202-1 call=trunk-1
< start 202-1
0.3 dial trunk-1 202-1 202 context=from-trunk
3.0 rename 202-1 PJSIP/700-9
< stop 202-1
< stop trunk-1
< alarm card-line-ungated 202-1
< stop 202-1
3.0 up 202-1
3.0 enter b1 202-1
3.0 enter b1 trunk-1
9.0 leave b1 202-1
9.0 leave b1 trunk-1
9.0 hangup 202-1
9.0 hangup trunk-1
= trunk-1: recorded 0.2-3.001, suspended 3.001-9 (card line)
= 202-1: suspended 3.001-9 (card line)
