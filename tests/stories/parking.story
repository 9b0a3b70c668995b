# The caller is parked and fetched from another phone, whose call is merged into the caller's.
# From the log of an Asterisk 22.10.1.

0.000 channel PJSIP/trunk-1 exten=02079460001 context=from-trunk
< start trunk-1
0.003 step inbound trunk-1 call=trunk-1
< answer trunk-1 done after inbound
0.005 up trunk-1
6.424 channel PJSIP/202-1 call=trunk-1 exten=s context=from-internal
< start 202-1
6.425 dial trunk-1 202-1 202 context=from-trunk
6.427 up 202-1
6.428 enter b1 202-1
6.428 enter b1 trunk-1
7.448 leave b1 trunk-1
7.449 enter b2 trunk-1 holding
10.074 leave b1 202-1
10.074 hangup 202-1
11.591 channel PJSIP/203-1 exten=761 context=from-internal
< start 203-1
11.592 up 203-1
11.615 leave b2 trunk-1
11.616 enter b3 trunk-1
11.616 merge 203-1 trunk-1
11.616 enter b3 203-1
< stop trunk-1
< start trunk-1
13.582 leave b3 trunk-1
13.582 leave b3 203-1
13.582 hangup trunk-1
13.584 hangup 203-1
= trunk-1: recorded 0.005-11.62, suspended 11.62-11.74 (recorder renewed by Callwarden), recorded 11.74-13.58
= 202-1: recorded 6.427-10.07
= 203-1: recorded 11.59-13.58
