# A call goes out; the person reached is told before the two are connected, and hangs up.
# From the log of an Asterisk 22.10.1.

0.000 channel PJSIP/201-1 exten=01632960999 context=from-internal
< start 201-1
0.000 step outbound 201-1 call=201-1
< answer 201-1 done
0.004 channel PJSIP/trunk-1 call=201-1 exten=s context=from-trunk
< start trunk-1
0.006 dial 201-1 trunk-1 01632960999@trunk context=from-internal
0.007 up trunk-1
0.007 step announce-outbound trunk-1 call=201-1
< answer trunk-1 done after outbound
3.065 up 201-1
3.066 enter b1 trunk-1
3.066 leave b1 trunk-1
3.067 hangup trunk-1
3.067 hangup 201-1
= 201-1: not answered
= trunk-1: recorded 0.007-3.067
