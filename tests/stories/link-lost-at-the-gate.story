# The link breaks while a gate waits: it is refused, whatever was known. What was asked is asked again by nobody.
0.1 channel PJSIP/trunk-1 exten=700
< start trunk-1
0.3 up trunk-1
5.0 stalls
5.0 step card-gate trunk-1
< stop trunk-1
5.1 link lost
< alarm gate-refused trunk-1
< answer trunk-1 refused
< alarm stop-unproven trunk-1
5.2 step card-gate trunk-1
< answer trunk-1 refused
6.0 works
6.0 link back
< stop trunk-1
9.0 hangup trunk-1
= trunk-1: recorded 0.3-6.001, suspended 6.001-9 (card line by PJSIP/trunk)
