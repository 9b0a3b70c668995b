# The caller hears the announcement and nobody answers.
# From the log of an Asterisk 22.10.1.

0.000 channel PJSIP/trunk-1 exten=02079460001 context=from-trunk
< start trunk-1
0.002 step inbound trunk-1 call=trunk-1
< answer trunk-1 done after inbound
0.010 up trunk-1
6.433 channel PJSIP/202-1 call=trunk-1 exten=s context=from-internal
< start 202-1
6.447 dial trunk-1 202-1 202 context=from-trunk
7.460 hangup 202-1
7.461 hangup trunk-1
= trunk-1: recorded 0.01-7.461
= 202-1: not answered
