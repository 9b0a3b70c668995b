# An operator suspends a live call and resumes it.
0.1 channel PJSIP/trunk-1 exten=02079460001
< start trunk-1
0.2 channel PJSIP/202-1 call=trunk-1
< start 202-1
0.3 up trunk-1
0.3 up 202-1
0.3 enter b1 trunk-1
0.3 enter b1 202-1
< whisper trunk-1 inbound
1.0 resume trunk-1 anna
< reply no: the call is not suspended in place
1.5 suspend nobody anna
< reply no: no such call is up
2.0 suspend trunk-1 anna
< stop 202-1
< stop trunk-1
< reply yes: recording is suspended
3.0 suspend trunk-1 anna
< reply yes: suspension is ordered already
9.0 resume trunk-1 anna
< start 202-1
< start trunk-1
< reply yes: recording is resumed
12.0 leave b1 trunk-1
12.0 leave b1 202-1
12.0 hangup trunk-1
12.0 hangup 202-1
= trunk-1: recorded 0.3-2.001, suspended 2.001-9.001 (suspended in place by anna), recorded 9.001-12
= 202-1: recorded 0.3-2.001, suspended 2.001-9.001 (suspended in place by anna), recorded 9.001-12
