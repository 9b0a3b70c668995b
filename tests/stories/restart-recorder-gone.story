# While the daemon is away somebody stops its recorder: what is missing is named, and recording begins again.
0.1 channel PJSIP/trunk-1 exten=02079460001
< start trunk-1
0.3 up trunk-1
5.0 link lost
6.0 stolen trunk-1
9.0 restart
< start trunk-1
12.0 hangup trunk-1
= trunk-1: recorded 0.3-6.001, gap 6.001-9 (Callwarden was not running), recorded 9.001-12
