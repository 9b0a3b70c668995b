# The feature code (*7): the caller is sent to the card line and comes back.
# From the log of an Asterisk 22.10.1.

0.000 channel PJSIP/trunk-1 exten=02079460001 context=from-trunk
< start trunk-1
0.002 step inbound trunk-1 call=trunk-1
< answer trunk-1 done after inbound
0.005 up trunk-1
6.426 channel PJSIP/202-1 call=trunk-1 exten=s context=from-internal
< start 202-1
6.440 dial trunk-1 202-1 202 context=from-trunk
6.441 up 202-1
6.443 enter b1 202-1
6.443 enter b1 trunk-1
7.907 step divert 202-1 call=trunk-1
< stop 202-1
< stop trunk-1
< redirect trunk-1 700@from-internal
< answer 202-1 done
7.912 leave b1 trunk-1
7.913 step card-gate trunk-1 call=trunk-1
< stop 202-1
< stop trunk-1
7.914 leave b1 202-1
< answer trunk-1 clear back to PJSIP/202 after card-not-recorded
7.915 hangup 202-1
10.754 channel PJSIP/700-1 call=trunk-1 exten=s context=from-internal
10.756 dial trunk-1 700-1 700 context=callwarden-card-line
10.759 up 700-1
10.759 enter b2 700-1
10.759 enter b2 trunk-1
11.774 leave b2 700-1
11.774 hangup 700-1
11.774 leave b2 trunk-1
11.774 step card-left trunk-1 call=trunk-1
< start trunk-1
< answer trunk-1 done after recording-resumed
14.577 channel PJSIP/202-2 call=trunk-1 exten=s context=from-internal
< start 202-2
14.588 dial trunk-1 202-2 202 context=callwarden-return
14.593 up 202-2
14.593 enter b3 202-2
14.594 enter b3 trunk-1
15.618 leave b3 trunk-1
15.618 leave b3 202-2
15.618 hangup trunk-1
15.619 hangup 202-2
= trunk-1: recorded 0.005-7.908, suspended 7.908-11.77 (card line by PJSIP/202), recorded 11.77-15.62
= 202-1: recorded 6.441-7.908
= 700-1: exempt 10.76-11.77 (card line)
= 202-2: recorded 14.59-15.62
