# A queue rings two phones, one answers.
# From the log of an Asterisk 22.10.1.

0.000 channel PJSIP/trunk-1 exten=02079460004 context=from-trunk
< start trunk-1
0.000 step inbound trunk-1 call=trunk-1
< answer trunk-1 done after inbound
0.003 up trunk-1
6.428 channel PJSIP/201-1 call=trunk-1 exten=s context=from-internal
< start 201-1
6.431 dial trunk-1 201-1 PJSIP/201 context=from-trunk
6.432 channel PJSIP/203-1 call=trunk-1 exten=s context=from-internal
< start 203-1
6.434 dial trunk-1 203-1 PJSIP/203 context=from-trunk
6.435 up 201-1
6.435 hangup 203-1
6.438 enter b1 201-1
6.438 enter b1 trunk-1
9.504 leave b1 trunk-1
9.504 leave b1 201-1
9.506 hangup trunk-1
9.506 hangup 201-1
= trunk-1: recorded 0.003-9.506
= 201-1: recorded 6.435-9.506
= 203-1: not answered
