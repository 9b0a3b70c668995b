# The trap of asterisk.md 3: the second call's own recorder is still being started when its channel asks at the gate.
# The stop is sent behind the start, on the one connection: it stops that one too, and only its proof opens the gate.
0.1 channel PJSIP/trunk-1 exten=02079460007
< start trunk-1
0.2 channel PJSIP/207-1 call=trunk-1
< start 207-1
0.3 up trunk-1
0.3 up 207-1
0.3 enter b1 trunk-1
0.3 enter b1 207-1
< whisper trunk-1 inbound
5.0 stalls
5.0 channel PJSIP/207-2 exten=700
< start 207-2
5.0 step card-gate 207-2 call=207-2
< stop 207-1
< stop 207-2
< stop trunk-1
5.2 wait
5.2 works
< answer 207-2 clear after card-not-recorded
5.3 channel PJSIP/700-1 call=207-2
5.3 dial 207-2 700-1 700 context=callwarden-card-line
5.4 up 700-1
5.4 up 207-2
5.4 enter b2 700-1
5.4 enter b2 207-2
# REFER with Replaces: the caller takes the phone's place beside the card line
8.0 merge 207-2 trunk-1
8.0 merge 700-1 trunk-1
8.0 leave b2 207-2
8.0 leave b1 trunk-1
8.0 enter b2 trunk-1
8.0 hangup 207-2
8.1 leave b1 207-1
8.1 hangup 207-1
12.0 leave b2 700-1
12.0 hangup 700-1
12.0 leave b2 trunk-1
12.1 hangup trunk-1
= trunk-1: recorded 0.3-5.2, suspended 5.2-12.1 (card line by PJSIP/207)
= 207-1: recorded 0.3-5.2, suspended 5.2-8.1 (card line by PJSIP/207)
= 207-2: suspended 5.4-8 (card line by PJSIP/207)
= 700-1: exempt 5.4-12 (card line)
