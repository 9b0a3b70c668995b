# A recorder that could not be started is not tried again while the caller is with the card line.
0.1 refuses Permission denied
0.1 channel PJSIP/trunk-1 exten=02079460001
< start trunk-1
< alarm recorder-start-failed trunk-1
0.15 up trunk-1
0.2 step card-gate trunk-1
< stop trunk-1
< answer trunk-1 clear after card-not-recorded
0.3 refuses
0.4 channel PJSIP/700-1 call=trunk-1
0.4 dial trunk-1 700-1 700 context=callwarden-card-line
5.0 hangup 700-1
5.0 step card-left trunk-1
< start trunk-1
< answer trunk-1 done after recording-resumed
9.0 hangup trunk-1
= trunk-1: gap 0.15-0.201 (Permission denied), suspended 0.201-5.001 (card line by PJSIP/trunk), recorded 5.001-9
= 700-1: not answered
