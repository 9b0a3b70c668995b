# The card line itself sends the caller on to a colleague: who is no card line, and recorded once that has settled.
# From the log of an Asterisk 22.10.1.

0.000 channel PJSIP/trunk-1 exten=02079460001 context=from-trunk
< start trunk-1
0.003 step inbound trunk-1 call=trunk-1
< answer trunk-1 done after inbound
0.007 up trunk-1
6.429 channel PJSIP/202-1 call=trunk-1 exten=s context=from-internal
< start 202-1
6.433 dial trunk-1 202-1 202 context=from-trunk
6.433 up 202-1
6.434 enter b1 202-1
6.434 enter b1 trunk-1
9.274 leave b1 202-1
9.275 leave b1 trunk-1
9.276 step card-gate trunk-1 call=trunk-1
< stop 202-1
< stop trunk-1
9.276 hangup 202-1
< answer trunk-1 clear back to PJSIP/202 after card-not-recorded
12.121 channel PJSIP/700-1 call=trunk-1 exten=s context=from-internal
12.124 dial trunk-1 700-1 700 context=callwarden-card-line
12.124 up 700-1
12.124 enter b2 700-1
12.125 enter b2 trunk-1
14.957 leave b2 700-1
14.958 leave b2 trunk-1
14.958 step internal trunk-1 call=trunk-1
< answer trunk-1 done
14.959 hangup 700-1
14.973 channel PJSIP/203-1 call=trunk-1 exten=s context=from-internal
< stop 203-1
14.975 dial trunk-1 203-1 203 context=from-internal
14.977 up 203-1
14.977 enter b3 203-1
14.977 enter b3 trunk-1
< start 203-1
< start trunk-1
16.215 leave b3 trunk-1
16.217 leave b3 203-1
16.217 hangup trunk-1
16.222 hangup 203-1
= trunk-1: recorded 0.007-9.277, suspended 9.277-15.48 (card line by PJSIP/202), recorded 15.48-16.22
= 202-1: recorded 6.433-9.276
= 700-1: exempt 12.12-14.96 (card line)
= 203-1: suspended 14.98-15.48 (card line by PJSIP/202), recorded 15.48-16.22
