# Attended transfer (*2) to the card line, which hangs up: the agent is back with the caller, both are recorded again.
# From the log of an Asterisk 22.10.1.

0.000 channel PJSIP/trunk-1 exten=02079460001 context=from-trunk
< start trunk-1
0.002 step inbound trunk-1 call=trunk-1
< answer trunk-1 done after inbound
0.005 up trunk-1
6.431 channel PJSIP/202-1 call=trunk-1 exten=s context=from-internal
< start 202-1
6.434 dial trunk-1 202-1 202 context=from-trunk
6.437 up 202-1
6.438 enter b1 202-1
6.439 enter b1 trunk-1
10.468 channel Local/700@from-internal-1;1 call=trunk-1 exten=700 context=from-internal
10.468 channel Local/700@from-internal-1;2 call=trunk-1 exten=700 context=from-internal
10.469 local 700@from-internal-1;1 700@from-internal-1;2
10.469 enter b2 700@from-internal-1;1
10.470 leave b1 202-1
10.470 enter b2 202-1
10.470 step card-gate 700@from-internal-1;2 call=trunk-1
< stop 202-1
< stop 700@from-internal-1;1
< stop 700@from-internal-1;2
< stop trunk-1
< answer 700@from-internal-1;2 clear after card-not-recorded
13.310 channel PJSIP/700-1 call=trunk-1 exten=s context=from-internal
13.311 dial 700@from-internal-1;2 700-1 700 context=callwarden-card-line
13.313 up 700-1
13.314 up 700@from-internal-1;1
13.314 up 700@from-internal-1;2
13.314 enter b3 700-1
13.314 enter b3 700@from-internal-1;2
14.344 leave b3 700-1
14.344 leave b3 700@from-internal-1;2
14.345 step card-left 700@from-internal-1;2 call=trunk-1
< answer 700@from-internal-1;2 done
14.345 hangup 700-1
14.348 leave b2 700@from-internal-1;1
14.348 leave b2 202-1
14.348 enter b1 202-1
14.348 hangup 700@from-internal-1;2
14.349 hangup 700@from-internal-1;1
< start 202-1
< start trunk-1
16.345 leave b1 trunk-1
16.345 leave b1 202-1
16.346 hangup trunk-1
16.347 hangup 202-1
= trunk-1: recorded 0.005-10.47, suspended 10.47-14.85 (card line by PJSIP/202), recorded 14.85-16.35
= 202-1: recorded 6.437-10.47, suspended 10.47-14.85 (card line by PJSIP/202), recorded 14.85-16.35
= 700-1: exempt 13.31-14.35 (card line)
