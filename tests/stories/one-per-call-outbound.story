# One recording a call: the phone's, until the outside party's channel is there.
settings recording__scope=one-per-call
0.1 channel PJSIP/202-1 exten=01632960999
< start 202-1
0.2 channel PJSIP/trunk-1 call=202-1
< start trunk-1
< stop 202-1
0.2 dial 202-1 trunk-1 01632960999@trunk context=from-internal
2.0 up trunk-1
2.0 up 202-1
2.0 enter b1 trunk-1
2.0 enter b1 202-1
< whisper trunk-1 outbound
5.0 leave b1 trunk-1
5.0 leave b1 202-1
5.0 hangup trunk-1
5.0 hangup 202-1
= 202-1: exempt 2-5 (one recording per call by PJSIP/trunk)
= trunk-1: recorded 2-5
