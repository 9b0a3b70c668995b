# Attended transfer (*2) to a card line that is busy; the caller gives up meanwhile.
# From the log of an Asterisk 22.10.1.

0.000 channel PJSIP/trunk-1 exten=02079460001 context=from-trunk
< start trunk-1
0.001 step inbound trunk-1 call=trunk-1
< answer trunk-1 done after inbound
0.004 up trunk-1
6.431 channel PJSIP/202-1 call=trunk-1 exten=s context=from-internal
< start 202-1
6.444 dial trunk-1 202-1 202 context=from-trunk
6.448 up 202-1
6.449 enter b1 202-1
6.450 enter b1 trunk-1
10.466 channel Local/700@from-internal-1;1 call=trunk-1 exten=700 context=from-internal
10.466 channel Local/700@from-internal-1;2 call=trunk-1 exten=700 context=from-internal
10.466 local 700@from-internal-1;1 700@from-internal-1;2
10.466 step card-gate 700@from-internal-1;2 call=trunk-1
< stop 202-1
< stop 700@from-internal-1;1
< stop 700@from-internal-1;2
< stop trunk-1
10.466 enter b2 700@from-internal-1;1
< answer 700@from-internal-1;2 clear after card-not-recorded
10.470 leave b1 202-1
10.470 enter b2 202-1
13.315 channel PJSIP/700-1 call=trunk-1 exten=s context=from-internal
13.320 dial 700@from-internal-1;2 700-1 700 context=callwarden-card-line
13.323 hangup 700-1
13.323 up 700@from-internal-1;2
13.323 up 700@from-internal-1;1
15.722 leave b1 trunk-1
15.722 hangup trunk-1
17.292 step card-left 700@from-internal-1;2 call=trunk-1
< answer 700@from-internal-1;2 done
17.294 hangup 700@from-internal-1;2
17.294 leave b2 700@from-internal-1;1
17.294 hangup 700@from-internal-1;1
17.295 leave b2 202-1
17.296 hangup 202-1
= trunk-1: recorded 0.004-10.47, suspended 10.47-15.72 (card line by PJSIP/202)
= 202-1: recorded 6.448-10.47, suspended 10.47-17.3 (card line by PJSIP/202)
= 700-1: not answered
