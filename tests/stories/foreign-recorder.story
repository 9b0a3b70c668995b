# Somebody else's recorder: none of our business, unless the call has to be silent.
0.1 channel PJSIP/trunk-1 exten=02079460001
< start trunk-1
0.3 up trunk-1
2.0 foreign trunk-1
5.0 step card-gate trunk-1
< stop trunk-1
< answer trunk-1 clear after card-not-recorded
< alarm foreign-recorder trunk-1
6.0 channel PJSIP/700-1 call=trunk-1
6.0 dial trunk-1 700-1 700 context=callwarden-card-line
7.0 foreign trunk-1
< stop trunk-1
< alarm foreign-recorder trunk-1
< alarm foreign-recorder trunk-1
9.0 hangup 700-1
9.0 step card-left trunk-1
< start trunk-1
< answer trunk-1 done after recording-resumed
12.0 hangup trunk-1
= trunk-1: recorded 0.3-5.001, suspended 5.001-9.001 (card line by PJSIP/trunk), recorded 9.001-12
= 700-1: not answered
