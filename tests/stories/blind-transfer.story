# Blind transfer (#1) to the card line, and back to reception when it hangs up.
# From the log of an Asterisk 22.10.1.

0.000 channel PJSIP/trunk-1 exten=02079460001 context=from-trunk
< start trunk-1
0.001 step inbound trunk-1 call=trunk-1
< answer trunk-1 done after inbound
0.004 up trunk-1
6.434 channel PJSIP/202-1 call=trunk-1 exten=s context=from-internal
< start 202-1
6.436 dial trunk-1 202-1 202 context=from-trunk
6.438 up 202-1
6.438 enter b1 202-1
6.439 enter b1 trunk-1
9.258 leave b1 202-1
9.261 leave b1 trunk-1
9.261 step card-gate trunk-1 call=trunk-1
< stop 202-1
< stop trunk-1
9.261 hangup 202-1
< answer trunk-1 clear back to PJSIP/202 after card-not-recorded
12.103 channel PJSIP/700-1 call=trunk-1 exten=s context=from-internal
12.104 dial trunk-1 700-1 700 context=callwarden-card-line
12.107 up 700-1
12.107 enter b2 700-1
12.107 enter b2 trunk-1
13.113 leave b2 700-1
13.113 hangup 700-1
13.113 leave b2 trunk-1
13.113 step card-left trunk-1 call=trunk-1
< start trunk-1
< answer trunk-1 done after recording-resumed
15.914 channel PJSIP/202-2 call=trunk-1 exten=s context=from-internal
< start 202-2
15.926 dial trunk-1 202-2 202 context=callwarden-return
15.929 up 202-2
15.929 enter b3 202-2
15.930 enter b3 trunk-1
16.953 leave b3 trunk-1
16.954 leave b3 202-2
16.954 hangup trunk-1
16.954 hangup 202-2
= trunk-1: recorded 0.004-9.262, suspended 9.262-13.11 (card line by PJSIP/202), recorded 13.11-16.95
= 202-1: recorded 6.438-9.261
= 700-1: exempt 12.11-13.11 (card line)
= 202-2: recorded 15.93-16.95
