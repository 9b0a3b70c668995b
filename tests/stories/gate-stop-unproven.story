# The stop is refused or its answer lost: unknown counts as not stopped. The gate stays shut, the stop is repeated until
# it is proven, and only then is recording resumed. The file was closed all the same: no second behind that is claimed.
0.1 channel PJSIP/trunk-1 exten=02079460001
< start trunk-1
0.3 up trunk-1
5.0 stalls
5.0 step card-gate trunk-1
< stop trunk-1
5.1 loses
< alarm stop-unproven trunk-1
< alarm gate-refused trunk-1
< answer trunk-1 refused
5.4 wait
< start trunk-1
6.2 works
9.0 hangup trunk-1
= trunk-1: recorded 0.3-5.1, gap 5.1-5.6 (the silence was not proven yet), gap 5.6-6.2 (the recorder was being started), recorded 6.2-9
