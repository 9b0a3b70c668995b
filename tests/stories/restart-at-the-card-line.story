# The daemon is restarted while the caller is with the card line: silence goes on, and ends as it should.
0.1 channel PJSIP/trunk-1 exten=02079460001
< start trunk-1
0.2 channel PJSIP/202-1 call=trunk-1
< start 202-1
0.3 up trunk-1
0.3 up 202-1
0.3 enter b1 trunk-1
0.3 enter b1 202-1
< whisper trunk-1 inbound
5.0 leave b1 trunk-1
5.0 leave b1 202-1
5.0 step card-gate trunk-1
< stop 202-1
< stop trunk-1
5.0 hangup 202-1
< answer trunk-1 clear back to PJSIP/202 after card-not-recorded
5.2 channel PJSIP/700-1 call=trunk-1
5.2 dial trunk-1 700-1 700 context=callwarden-card-line
5.5 up 700-1
5.5 enter b2 700-1
5.5 enter b2 trunk-1
7.0 restart
< stop trunk-1
< stop trunk-1
9.0 leave b2 700-1
9.0 hangup 700-1
9.0 leave b2 trunk-1
9.0 step card-left trunk-1
< start trunk-1
< answer trunk-1 done after recording-resumed
12.0 hangup trunk-1
= trunk-1: recorded 0.3-5.001, suspended 5.001-9.001 (card line by PJSIP/202), recorded 9.001-12
= 202-1: recorded 0.3-5
= 700-1: exempt 5.5-9 (card line)
