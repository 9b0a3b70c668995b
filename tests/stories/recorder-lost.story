# A user's one-touch recording stops our monitor: it is started again, and what is missing has a cause.
0.1 channel PJSIP/trunk-1 exten=02079460001
< start trunk-1
0.3 up trunk-1
5.0 stolen trunk-1
< start trunk-1
< alarm recorder-lost trunk-1
12.0 hangup trunk-1
= trunk-1: recorded 0.3-5.001, gap 5.001-5.502 (somebody else stopped the recorder), recorded 5.502-12
