# One recording a call: the outside party's. When that party has gone, whoever talks on is recorded.
settings recording__scope=one-per-call
0.1 channel PJSIP/trunk-1 exten=02079460001
< start trunk-1
0.2 channel PJSIP/202-1 call=trunk-1
0.3 up trunk-1
0.3 up 202-1
0.3 enter b1 trunk-1
0.3 enter b1 202-1
< whisper trunk-1 inbound
5.0 channel PJSIP/203-1 call=trunk-1
5.1 up 203-1
5.1 leave b1 202-1
5.1 enter b2 202-1
5.1 enter b2 203-1
< start 202-1
8.0 hangup trunk-1
10.0 leave b2 203-1
10.0 leave b2 202-1
10.0 hangup 203-1
10.0 hangup 202-1
= trunk-1: recorded 0.3-8
= 202-1: exempt 0.3-5.101 (one recording per call), recorded 5.101-10
= 203-1: exempt 5.1-10 (one recording per call)
