# While the link was down a consultation was merged into the caller's call, and a phone joined.
0.1 channel PJSIP/trunk-1 exten=02079460001
< start trunk-1
0.2 channel PJSIP/202-1 call=trunk-1
< start 202-1
0.3 up trunk-1
0.3 up 202-1
0.3 enter b1 trunk-1
0.3 enter b1 202-1
< whisper trunk-1 inbound
4.0 channel PJSIP/202-2 exten=203
< start 202-2
4.0 channel PJSIP/203-1 call=202-2
< start 203-1
5.0 link lost
6.0 up 202-2
6.0 up 203-1
6.0 enter b2 202-2
6.0 enter b2 203-1
7.0 merge 202-2 trunk-1
7.0 merge 203-1 trunk-1
7.0 leave b2 202-2
7.0 hangup 202-2
7.0 hangup 202-1
7.0 leave b1 trunk-1
7.0 enter b2 trunk-1
9.0 link back
< stop trunk-1
< stop trunk-1
< start trunk-1
12.0 leave b2 203-1
12.0 leave b2 trunk-1
12.0 hangup 203-1
12.0 hangup trunk-1
= trunk-1: recorded 0.3-9.001, suspended 9.001-9.122 (recorder renewed by Callwarden), recorded 9.122-12
= 202-1: recorded 0.3-7.001
= 202-2: not answered
= 203-1: recorded 5-12
