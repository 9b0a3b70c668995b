# The caller's first step at the gate was broken off and it asks again: the older one's time-out must not undo what
# the newer one was granted.
settings card__gate_timeout=2.0
0.1 channel PJSIP/trunk-1 exten=700
< start trunk-1
0.3 up trunk-1
2.0 stalls
2.0 step card-gate trunk-1
< stop trunk-1
3.5 step card-gate trunk-1
< answer trunk-1 refused
< stop trunk-1
3.6 works
< answer trunk-1 clear after card-not-recorded
3.7 channel PJSIP/700-1 call=trunk-1
3.7 dial trunk-1 700-1 700 context=callwarden-card-line
6.0 up 700-1
6.0 enter b1 700-1
6.0 enter b1 trunk-1
9.0 hangup 700-1
9.0 hangup trunk-1
= trunk-1: recorded 0.3-3.6, suspended 3.6-9 (card line by PJSIP/trunk)
= 700-1: exempt 6-9 (card line)
