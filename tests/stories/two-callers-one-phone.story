# Two callers on one phone, of whom one pays: while the phone is in both calls both are silent; once it has left the
# payment to the first caller, the other is recorded again.
0.1 channel PJSIP/trunk-1 exten=02079460001
< start trunk-1
0.2 channel PJSIP/202-1 call=trunk-1
< start 202-1
0.3 up trunk-1
0.3 up 202-1
0.3 enter b1 trunk-1
0.3 enter b1 202-1
< whisper trunk-1 inbound
2.0 channel PJSIP/trunk-2 exten=02079460001
< start trunk-2
2.1 channel PJSIP/202-2 call=trunk-2
< start 202-2
2.3 up trunk-2
2.3 up 202-2
2.3 enter b2 trunk-2
2.3 enter b2 202-2
< whisper trunk-2 inbound
5.0 leave b1 trunk-1
5.0 step card-gate trunk-1
< stop 202-1
< stop 202-2
< stop trunk-1
< stop trunk-2
5.0 leave b1 202-1
5.0 hangup 202-1
< answer trunk-1 clear back to PJSIP/202 after card-not-recorded
5.1 channel PJSIP/700-1 call=trunk-1
5.1 dial trunk-1 700-1 700 context=callwarden-card-line
< start 202-2
< start trunk-2
5.5 up 700-1
5.5 enter b3 700-1
5.5 enter b3 trunk-1
9.0 leave b2 trunk-2
9.0 leave b2 202-2
9.0 hangup trunk-2
9.0 hangup 202-2
10.0 leave b3 700-1
10.0 leave b3 trunk-1
10.0 hangup 700-1
10.0 hangup trunk-1
= trunk-1: recorded 0.3-5.001, suspended 5.001-10 (card line by PJSIP/202)
= 202-1: recorded 0.3-5
= trunk-2: recorded 2.3-5.001, suspended 5.001-5.501 (card line by PJSIP/202), recorded 5.501-9
= 202-2: recorded 2.3-5.001, suspended 5.001-5.501 (card line by PJSIP/202), recorded 5.501-9
= 700-1: exempt 5.5-10 (card line)
