# FastAGI and AMI are two connections: a step may overtake the news of its own channel.
0.100 step inbound trunk-1
0.150 channel PJSIP/trunk-1 exten=02079460001
< start trunk-1
< answer trunk-1 done after inbound
0.3 up trunk-1
2.0 step card-gate trunk-2
< answer trunk-2 refused
5.0 hangup trunk-1
= trunk-1: recorded 0.3-5
