# The call ends while the daemon is away: it is finished from the files that are left.
0.1 channel PJSIP/trunk-1 exten=02079460001
< start trunk-1
0.3 up trunk-1
5.0 link lost
6.0 hangup trunk-1
9.0 restart
= trunk-1: recorded 0.3-6.001
