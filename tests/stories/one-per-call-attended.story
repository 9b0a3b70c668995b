# One recording a call, and the agent, who is not recorded, consults the card line: nobody starts to be.
settings recording__scope=one-per-call

0.000 channel PJSIP/trunk-1 exten=02079460001 context=from-trunk
< start trunk-1
0.002 step inbound trunk-1 call=trunk-1
< answer trunk-1 done after inbound
0.002 up trunk-1
6.425 channel PJSIP/202-1 call=trunk-1 exten=s context=from-internal
6.427 dial trunk-1 202-1 202 context=from-trunk
6.430 up 202-1
6.431 enter b1 202-1
6.431 enter b1 trunk-1
< stop trunk-1
< start trunk-1
10.464 channel Local/700@from-internal-1;1 call=trunk-1 exten=700 context=from-internal
10.464 channel Local/700@from-internal-1;2 call=trunk-1 exten=700 context=from-internal
10.465 local 700@from-internal-1;1 700@from-internal-1;2
10.465 enter b2 700@from-internal-1;1
10.467 step card-gate 700@from-internal-1;2 call=trunk-1
< stop 202-1
< stop 700@from-internal-1;1
< stop 700@from-internal-1;2
< stop trunk-1
10.467 leave b1 202-1
10.467 enter b2 202-1
< stop 202-1
< answer 700@from-internal-1;2 clear after card-not-recorded
13.310 channel PJSIP/700-1 call=trunk-1 exten=s context=from-internal
13.313 dial 700@from-internal-1;2 700-1 700 context=callwarden-card-line
13.318 up 700-1
13.318 up 700@from-internal-1;1
13.319 up 700@from-internal-1;2
13.319 enter b3 700-1
13.319 enter b3 700@from-internal-1;2
14.337 leave b2 202-1
14.337 leave b2 700@from-internal-1;1
14.337 enter b1 700@from-internal-1;1
14.338 hangup 202-1
14.765 leave b1 trunk-1
14.765 leave b3 700@from-internal-1;2
14.765 enter b3 trunk-1
14.766 leave b1 700@from-internal-1;1
14.766 hangup 700@from-internal-1;1
14.766 hangup 700@from-internal-1;2
15.339 leave b3 trunk-1
15.339 hangup trunk-1
15.339 leave b3 700-1
15.340 hangup 700-1
= trunk-1: recorded 0.002-6.432, suspended 6.432-6.553 (recorder renewed by Callwarden), recorded 6.553-10.47, suspended 10.47-15.34 (card line by PJSIP/202)
= 202-1: exempt 6.43-10.47 (one recording per call), suspended 10.47-14.34 (card line by PJSIP/202)
= 700-1: exempt 13.32-15.34 (card line)
