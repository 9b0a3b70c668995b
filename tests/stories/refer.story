# Blind transfer by SIP REFER to the card line and back.
# From the log of an Asterisk 22.10.1.

0.000 channel PJSIP/trunk-1 exten=02079460001 context=from-trunk
< start trunk-1
0.000 step inbound trunk-1 call=trunk-1
< answer trunk-1 done after inbound
0.003 up trunk-1
6.423 channel PJSIP/202-1 call=trunk-1 exten=s context=from-internal
< start 202-1
6.435 dial trunk-1 202-1 202 context=from-trunk
6.438 up 202-1
6.439 enter b1 202-1
6.439 enter b1 trunk-1
7.456 leave b1 trunk-1
7.456 leave b1 202-1
7.456 step card-gate trunk-1 call=trunk-1
< stop 202-1
< stop trunk-1
7.457 hangup 202-1
< answer trunk-1 clear back to PJSIP/202 after card-not-recorded
10.296 channel PJSIP/700-1 call=trunk-1 exten=s context=from-internal
10.297 dial trunk-1 700-1 700 context=callwarden-card-line
10.300 up 700-1
10.300 enter b2 700-1
10.301 enter b2 trunk-1
11.308 leave b2 700-1
11.308 leave b2 trunk-1
11.309 hangup 700-1
11.310 step card-left trunk-1 call=trunk-1
< start trunk-1
< answer trunk-1 done after recording-resumed
12.357 hangup trunk-1
= trunk-1: recorded 0.003-7.457, suspended 7.457-11.31 (card line by PJSIP/202), recorded 11.31-12.36
= 202-1: recorded 6.438-7.457
= 700-1: exempt 10.3-11.31 (card line)
