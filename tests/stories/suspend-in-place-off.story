# The agent's *8 is off by default.
0.1 channel PJSIP/202-1 exten=01632960999
< start 202-1
0.3 up 202-1
5.0 step suspend 202-1
< answer 202-1 refused
20.0 hangup 202-1
= 202-1: recorded 0.3-20
