# Asterisk does not answer: the gate is refused in time, the caller goes back and is recorded again.
0.1 channel PJSIP/trunk-1 exten=02079460001
< start trunk-1
0.2 channel PJSIP/202-1 call=trunk-1
< start 202-1
0.3 up trunk-1
0.3 up 202-1
0.3 enter b1 trunk-1
0.3 enter b1 202-1
< whisper trunk-1 inbound
5.0 stalls
5.0 leave b1 trunk-1
5.0 step card-gate trunk-1
< stop 202-1
< stop trunk-1
5.9 wait
< alarm gate-refused trunk-1
< answer trunk-1 refused back to PJSIP/202
6.1 works
< start 202-1
< start trunk-1
8.0 leave b1 202-1
8.0 hangup 202-1
8.1 hangup trunk-1
= trunk-1: recorded 0.3-6.1, suspended 6.1-6.501 (card line by PJSIP/202), recorded 6.501-8.1
= 202-1: recorded 0.3-6.1, suspended 6.1-6.501 (card line by PJSIP/202), recorded 6.501-8
