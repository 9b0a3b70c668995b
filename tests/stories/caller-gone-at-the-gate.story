# The caller hangs up while the gate waits.
0.1 channel PJSIP/trunk-1 exten=700
< start trunk-1
0.3 up trunk-1
2.0 stalls
2.0 step card-gate trunk-1
< stop trunk-1
2.5 hangup trunk-1
3.0 works
= trunk-1: recorded 0.3-2.5
