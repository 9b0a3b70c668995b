# The link breaks while the caller is with the card line, and the payment ends unseen: nobody starts a recorder in the
# dark. The step that the dialplan asks meanwhile is left to the dialplan; the next snapshot shows the way things are.
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
7.0 link lost
9.0 leave b2 700-1
9.0 hangup 700-1
9.0 leave b2 trunk-1
9.0 step card-left trunk-1
< answer trunk-1 nothing
9.5 channel PJSIP/202-2 call=trunk-1
11.0 link back
< start 202-2
< start trunk-1
12.0 dial trunk-1 202-2 202 context=callwarden-return
12.0 up 202-2
12.0 enter b3 202-2
12.0 enter b3 trunk-1
15.0 leave b3 202-2
15.0 leave b3 trunk-1
15.0 hangup 202-2
15.0 hangup trunk-1
= trunk-1: recorded 0.3-5.001, suspended 5.001-11.5 (card line by PJSIP/202), recorded 11.5-15
= 202-1: recorded 0.3-5
= 700-1: exempt 5.5-11 (card line)
= 202-2: recorded 12-15
