# The daemon is restarted in the middle of a call: its own recorders are taken up again, nobody is told twice.
0.1 channel PJSIP/trunk-1 exten=02079460001
< start trunk-1
0.1 step inbound trunk-1
< answer trunk-1 done after inbound
0.3 up trunk-1
3.0 channel PJSIP/202-1 call=trunk-1
< start 202-1
4.0 up 202-1
4.0 enter b1 trunk-1
4.0 enter b1 202-1
8.0 restart
12.0 leave b1 trunk-1
12.0 leave b1 202-1
12.0 hangup trunk-1
12.0 hangup 202-1
= trunk-1: recorded 0.3-12
= 202-1: recorded 4-12
