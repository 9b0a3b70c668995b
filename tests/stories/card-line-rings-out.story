# The card line does not answer: the caller comes back.
# From the log of an Asterisk 22.10.1.

0.000 channel PJSIP/trunk-1 exten=02079460001 context=from-trunk
< start trunk-1
0.001 step inbound trunk-1 call=trunk-1
< answer trunk-1 done after inbound
0.045 up trunk-1
6.474 channel PJSIP/202-1 call=trunk-1 exten=s context=from-internal
< start 202-1
6.486 dial trunk-1 202-1 202 context=from-trunk
6.488 up 202-1
6.489 enter b1 202-1
6.489 enter b1 trunk-1
9.336 leave b1 trunk-1
9.336 step card-gate trunk-1 call=trunk-1
< stop 202-1
< stop trunk-1
9.336 leave b1 202-1
< answer trunk-1 clear back to PJSIP/202 after card-not-recorded
9.337 hangup 202-1
12.178 channel PJSIP/702-1 call=trunk-1 exten=s context=from-internal
< stop 702-1
12.179 dial trunk-1 702-1 702 context=callwarden-card-line
15.180 hangup 702-1
19.144 step card-left trunk-1 call=trunk-1
< start trunk-1
< answer trunk-1 done after recording-resumed
21.965 channel PJSIP/202-2 call=trunk-1 exten=s context=from-internal
< start 202-2
21.968 dial trunk-1 202-2 202 context=callwarden-return
21.971 up 202-2
21.971 enter b2 202-2
21.971 enter b2 trunk-1
23.005 leave b2 trunk-1
23.006 leave b2 202-2
23.006 hangup trunk-1
23.006 hangup 202-2
= trunk-1: recorded 0.045-9.337, suspended 9.337-19.14 (card line by PJSIP/202), recorded 19.14-23.01
= 202-1: recorded 6.488-9.337
= 702-1: not answered
= 202-2: recorded 21.97-23.01
