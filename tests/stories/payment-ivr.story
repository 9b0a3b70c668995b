# The card line is an outside number on the trunk.
# From the log of an Asterisk 22.10.1.

0.000 channel PJSIP/trunk-1 exten=02079460001 context=from-trunk
< start trunk-1
0.000 step inbound trunk-1 call=trunk-1
< answer trunk-1 done after inbound
0.002 up trunk-1
6.422 channel PJSIP/202-1 call=trunk-1 exten=s context=from-internal
< start 202-1
6.435 dial trunk-1 202-1 202 context=from-trunk
6.435 up 202-1
6.436 enter b1 202-1
6.436 enter b1 trunk-1
9.255 leave b1 trunk-1
9.255 step card-gate trunk-1 call=trunk-1
< stop 202-1
< stop trunk-1
9.255 leave b1 202-1
< answer trunk-1 clear back to PJSIP/202 after card-not-recorded
9.256 hangup 202-1
12.138 channel PJSIP/trunk-2 call=trunk-1 exten=s context=from-trunk
< stop trunk-2
12.139 dial trunk-1 trunk-2 09098790001@trunk context=callwarden-card-line
12.140 up trunk-2
12.141 enter b2 trunk-2
12.141 enter b2 trunk-1
13.148 leave b2 trunk-2
13.148 leave b2 trunk-1
13.148 step card-left trunk-1 call=trunk-1
13.148 hangup trunk-2
< start trunk-1
< answer trunk-1 done after recording-resumed
15.955 channel PJSIP/202-2 call=trunk-1 exten=s context=from-internal
< start 202-2
15.957 dial trunk-1 202-2 202 context=callwarden-return
15.958 up 202-2
15.958 enter b3 202-2
15.958 enter b3 trunk-1
16.977 leave b3 trunk-1
16.977 leave b3 202-2
16.977 hangup 202-2
16.977 hangup trunk-1
= trunk-1: recorded 0.002-9.256, suspended 9.256-13.15 (card line by PJSIP/202), recorded 13.15-16.98
= 202-1: recorded 6.435-9.256
= trunk-2: suspended 12.14-13.15 (card line by PJSIP/202)
= 202-2: recorded 15.96-16.98
