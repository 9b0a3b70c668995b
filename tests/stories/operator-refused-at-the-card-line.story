# An operator's suspension is not proven in time while the caller is with the card line: the payment stays silent.
0.1 channel PJSIP/trunk-1 exten=700
< start trunk-1
0.3 up trunk-1
2.0 step card-gate trunk-1
< stop trunk-1
< answer trunk-1 clear after card-not-recorded
2.1 channel PJSIP/700-1 call=trunk-1
2.1 dial trunk-1 700-1 700 context=callwarden-card-line
3.0 stalls
3.0 suspend trunk-1 anna
< stop 700-1
< stop trunk-1
< alarm gate-refused trunk-1
< reply no: a conversation could not be proven silent and was not handed over: Asterisk did not confirm the stop in time
4.5 works
6.0 up 700-1
6.0 enter b1 700-1
6.0 enter b1 trunk-1
9.0 leave b1 700-1
9.0 leave b1 trunk-1
9.0 hangup 700-1
9.0 hangup trunk-1
= trunk-1: recorded 0.3-2.001, suspended 2.001-9 (card line by PJSIP/trunk)
= 700-1: exempt 6-9 (card line)
