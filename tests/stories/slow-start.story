# The recorder's start is confirmed after the answer: the first moment is a gap with a cause.
0.1 stalls
0.1 channel PJSIP/trunk-1 exten=02079460001
< start trunk-1
0.3 up trunk-1
0.8 works
5.0 hangup trunk-1
= trunk-1: gap 0.3-0.8 (the recorder was being started), recorded 0.8-5
