# Blind transfer (#1) to the card line, and back.
# From the log of an Asterisk 16.28.0.

0.000 channel PJSIP/trunk-1 exten=02079460001 context=from-trunk
< start trunk-1
0.001 step inbound trunk-1 call=trunk-1
< answer trunk-1 done after inbound
0.006 up trunk-1
6.427 channel PJSIP/202-1 call=trunk-1 exten=s context=from-internal
< start 202-1
6.429 dial trunk-1 202-1 202 context=from-trunk
6.432 up 202-1
6.433 enter b1 202-1
6.433 enter b1 trunk-1
9.266 leave b1 202-1
9.266 leave b1 trunk-1
9.266 step card-gate trunk-1 call=trunk-1
< stop 202-1
< stop trunk-1
< answer trunk-1 clear back to PJSIP/202 after card-not-recorded
9.268 hangup 202-1
12.105 channel PJSIP/700-1 call=trunk-1 exten=s context=from-internal
12.105 dial trunk-1 700-1 700 context=callwarden-card-line
12.108 up 700-1
12.108 enter b2 700-1
12.108 enter b2 trunk-1
13.113 leave b2 700-1
13.113 leave b2 trunk-1
13.114 hangup 700-1
13.114 step card-left trunk-1 call=trunk-1
< start trunk-1
< answer trunk-1 done after recording-resumed
15.918 channel PJSIP/202-2 call=trunk-1 exten=s context=from-internal
< start 202-2
15.930 dial trunk-1 202-2 202 context=callwarden-return
15.935 up 202-2
15.936 enter b3 202-2
15.936 enter b3 trunk-1
16.966 leave b3 trunk-1
16.966 leave b3 202-2
16.968 hangup trunk-1
16.968 hangup 202-2
= trunk-1: recorded 0.006-9.267, suspended 9.267-13.12 (card line by PJSIP/202), recorded 13.12-16.97
= 202-1: recorded 6.432-9.267
= 700-1: exempt 12.11-13.11 (card line)
= 202-2: recorded 15.94-16.97
