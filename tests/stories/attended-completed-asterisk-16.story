# Attended transfer (*2) to the card line, completed.
# From the log of an Asterisk 16.28.0.

0.000 channel PJSIP/trunk-1 exten=02079460001 context=from-trunk
< start trunk-1
0.002 step inbound trunk-1 call=trunk-1
< answer trunk-1 done after inbound
0.002 up trunk-1
6.422 channel PJSIP/202-1 call=trunk-1 exten=s context=from-internal
< start 202-1
6.422 dial trunk-1 202-1 202 context=from-trunk
6.424 up 202-1
6.425 enter b1 202-1
6.425 enter b1 trunk-1
10.439 channel Local/700@from-internal-1;1 call=trunk-1 exten=700 context=from-internal
10.440 channel Local/700@from-internal-1;2 call=trunk-1 exten=700 context=from-internal
10.440 local 700@from-internal-1;1 700@from-internal-1;2
10.440 step card-gate 700@from-internal-1;2 call=trunk-1
< stop 202-1
< stop 700@from-internal-1;1
< stop 700@from-internal-1;2
< stop trunk-1
10.440 enter b2 700@from-internal-1;1
10.440 leave b1 202-1
10.440 enter b2 202-1
< answer 700@from-internal-1;2 clear after card-not-recorded
13.282 channel PJSIP/700-1 call=trunk-1 exten=s context=from-internal
13.286 dial 700@from-internal-1;2 700-1 700 context=callwarden-card-line
13.287 up 700-1
13.287 up 700@from-internal-1;2
13.287 up 700@from-internal-1;1
13.288 enter b3 700-1
13.288 enter b3 700@from-internal-1;2
14.315 leave b2 700@from-internal-1;1
14.315 enter b1 700@from-internal-1;1
14.316 leave b2 202-1
14.316 hangup 202-1
14.764 leave b1 trunk-1
14.764 leave b3 700@from-internal-1;2
14.764 enter b3 trunk-1
14.765 leave b1 700@from-internal-1;1
14.766 hangup 700@from-internal-1;1
14.766 hangup 700@from-internal-1;2
15.322 leave b3 trunk-1
15.322 leave b3 700-1
15.322 hangup trunk-1
15.323 hangup 700-1
= trunk-1: recorded 0.002-10.44, suspended 10.44-15.32 (card line by PJSIP/202)
= 202-1: recorded 6.424-10.44, suspended 10.44-14.32 (card line by PJSIP/202)
= 700-1: exempt 13.29-15.32 (card line)
