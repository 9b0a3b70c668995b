# Asterisk is slow, and the operator resumes before the silence was proven: the first order is answered with a no.
0.1 channel PJSIP/trunk-1 exten=02079460001
< start trunk-1
0.3 up trunk-1
2.0 stalls
2.0 suspend trunk-1 anna
< stop trunk-1
2.5 resume trunk-1 anna
< reply no: recording was resumed meanwhile
< start trunk-1
< reply yes: recording is resumed
2.6 works
12.0 hangup trunk-1
= trunk-1: recorded 0.3-2.5, gap 2.5-2.6 (the recorder was being started), recorded 2.6-12
