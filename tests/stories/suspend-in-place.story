# The agent's *8, where it is allowed: silent until pressed again.
settings card__in_place=true
0.1 channel PJSIP/trunk-1 exten=02079460001
< start trunk-1
0.2 channel PJSIP/202-1 call=trunk-1
< start 202-1
0.3 up trunk-1
0.3 up 202-1
0.3 enter b1 trunk-1
0.3 enter b1 202-1
< whisper trunk-1 inbound
2.0 step suspend trunk-1
< answer trunk-1 refused
5.0 step suspend 202-1
< stop 202-1
< stop trunk-1
< answer 202-1 done
9.0 step suspend 202-1
< start 202-1
< start trunk-1
< answer 202-1 done
12.0 leave b1 trunk-1
12.0 leave b1 202-1
12.0 hangup trunk-1
12.0 hangup 202-1
= trunk-1: recorded 0.3-5.001, suspended 5.001-9.001 (suspended in place by PJSIP/202), recorded 9.001-12
= 202-1: recorded 0.3-5.001, suspended 5.001-9.001 (suspended in place by PJSIP/202), recorded 9.001-12
