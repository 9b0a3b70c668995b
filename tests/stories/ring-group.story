# Two phones ring, one answers.
# From the log of an Asterisk 22.10.1.

0.000 channel PJSIP/trunk-1 exten=02079460002 context=from-trunk
< start trunk-1
0.004 step inbound trunk-1 call=trunk-1
< answer trunk-1 done after inbound
0.004 up trunk-1
6.444 channel PJSIP/201-1 call=trunk-1 exten=s context=from-internal
< start 201-1
6.444 channel PJSIP/203-1 call=trunk-1 exten=s context=from-internal
< start 203-1
6.447 dial trunk-1 201-1 201 context=from-trunk
6.448 dial trunk-1 203-1 203 context=from-trunk
6.448 up 201-1
6.448 enter b1 201-1
6.448 enter b1 trunk-1
6.449 hangup 203-1
9.001 leave b1 trunk-1
9.001 leave b1 201-1
9.003 hangup 201-1
9.004 hangup trunk-1
= trunk-1: recorded 0.004-9.004
= 201-1: recorded 6.448-9.003
= 203-1: not answered
