# The card line is a phone behind a Local channel, of which only the dialling tells.
# From the log of an Asterisk 22.10.1.

0.000 channel PJSIP/trunk-1 exten=02079460001 context=from-trunk
< start trunk-1
0.001 step inbound trunk-1 call=trunk-1
< answer trunk-1 done after inbound
0.004 up trunk-1
6.426 channel PJSIP/202-1 call=trunk-1 exten=s context=from-internal
< start 202-1
6.429 dial trunk-1 202-1 202 context=from-trunk
6.431 up 202-1
6.431 enter b1 202-1
6.432 enter b1 trunk-1
9.256 leave b1 202-1
9.257 leave b1 trunk-1
9.257 step card-gate trunk-1 call=trunk-1
< stop 202-1
< stop trunk-1
< answer trunk-1 clear back to PJSIP/202 after card-not-recorded
9.259 hangup 202-1
12.099 channel Local/9700@from-internal-1;1 call=trunk-1 exten=9700 context=from-internal
12.099 channel Local/9700@from-internal-1;2 call=trunk-1 exten=9700 context=from-internal
12.099 local 9700@from-internal-1;1 9700@from-internal-1;2
12.099 dial trunk-1 9700@from-internal-1;1 9700@from-internal context=callwarden-card-line
12.099 channel PJSIP/206-1 call=trunk-1 exten=s context=from-internal
< stop 206-1
12.100 dial 9700@from-internal-1;2 206-1 206 context=from-internal
12.104 up 206-1
12.105 up 9700@from-internal-1;2
12.105 up 9700@from-internal-1;1
12.105 enter b2 9700@from-internal-1;1
12.105 enter b3 206-1
12.105 enter b3 9700@from-internal-1;2
12.105 enter b2 trunk-1
12.126 leave b2 trunk-1
12.126 leave b3 9700@from-internal-1;2
12.126 enter b3 trunk-1
12.126 leave b2 9700@from-internal-1;1
12.126 hangup 9700@from-internal-1;1
12.126 hangup 9700@from-internal-1;2
13.613 leave b3 206-1
13.613 leave b3 trunk-1
13.614 step card-left trunk-1 call=trunk-1
13.614 hangup 206-1
< start trunk-1
< answer trunk-1 done after recording-resumed
16.423 channel PJSIP/202-2 call=trunk-1 exten=s context=from-internal
< start 202-2
16.425 dial trunk-1 202-2 202 context=callwarden-return
16.428 up 202-2
16.429 enter b4 202-2
16.429 enter b4 trunk-1
17.457 leave b4 trunk-1
17.457 leave b4 202-2
17.457 hangup trunk-1
17.457 hangup 202-2
= trunk-1: recorded 0.004-9.258, suspended 9.258-13.62 (card line by PJSIP/202), recorded 13.62-17.46
= 202-1: recorded 6.431-9.258
= 206-1: suspended 12.1-13.61 (card line by PJSIP/202)
= 202-2: recorded 16.43-17.46
