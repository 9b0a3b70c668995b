# The caller is sent on to an outside number; who is reached there is told.
# From the log of an Asterisk 22.10.1.

0.000 channel PJSIP/trunk-1 exten=02079460001 context=from-trunk
< start trunk-1
0.000 step inbound trunk-1 call=trunk-1
< answer trunk-1 done after inbound
0.002 up trunk-1
6.421 channel PJSIP/202-1 call=trunk-1 exten=s context=from-internal
< start 202-1
6.424 dial trunk-1 202-1 202 context=from-trunk
6.426 up 202-1
6.426 enter b1 202-1
6.426 enter b1 trunk-1
7.459 leave b1 trunk-1
7.459 leave b1 202-1
7.459 hangup 202-1
7.460 step outbound trunk-1 call=trunk-1
< answer trunk-1 done
7.470 channel PJSIP/trunk-2 call=trunk-1 exten=s context=from-trunk
< start trunk-2
7.470 dial trunk-1 trunk-2 01632960999@trunk context=from-internal
7.473 up trunk-2
7.473 step announce-outbound trunk-2 call=trunk-1
< answer trunk-2 done after outbound
14.097 enter b2 trunk-2
14.097 enter b2 trunk-1
< stop trunk-1
< start trunk-1
17.102 leave b2 trunk-2
17.102 leave b2 trunk-1
17.102 hangup trunk-1
17.103 hangup trunk-2
= trunk-1: recorded 0.002-14.1, suspended 14.1-14.22 (recorder renewed by Callwarden), recorded 14.22-17.1
= 202-1: recorded 6.426-7.459
= trunk-2: recorded 7.473-17.1
