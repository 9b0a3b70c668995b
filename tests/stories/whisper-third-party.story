# Outbound as a whisper: who is reached is told once connected. A second outside party, joined by a transfer, too.
settings announce__outbound=whisper
0.1 channel PJSIP/202-1 exten=01632960999
< start 202-1
0.1 step outbound 202-1
< answer 202-1 done
0.2 channel PJSIP/trunk-1 call=202-1
< start trunk-1
2.0 up trunk-1
2.0 step announce-outbound trunk-1
< answer trunk-1 done
2.0 up 202-1
2.0 enter b1 trunk-1
2.0 enter b1 202-1
< whisper trunk-1 outbound
5.0 channel PJSIP/trunk-2 call=202-1
< start trunk-2
6.0 up trunk-2
6.0 leave b1 202-1
6.0 hangup 202-1
6.1 enter b1 trunk-2
< whisper trunk-2 joined
< stop trunk-1
< start trunk-1
9.0 leave b1 trunk-1
9.0 leave b1 trunk-2
9.0 hangup trunk-1
9.0 hangup trunk-2
= 202-1: recorded 2-6
= trunk-1: recorded 2-6.101, suspended 6.101-6.222 (recorder renewed by Callwarden), recorded 6.222-9
= trunk-2: recorded 6-9
