# 203 fetches the call that rings at 202: no channel is renamed, 203's own goes on.
# From the log of an Asterisk 22.10.1.

0.000 channel PJSIP/trunk-1 exten=02079460001 context=from-trunk
< start trunk-1
0.001 step inbound trunk-1 call=trunk-1
< answer trunk-1 done after inbound
0.007 up trunk-1
6.429 channel PJSIP/202-1 call=trunk-1 exten=s context=from-internal
< start 202-1
6.441 dial trunk-1 202-1 202 context=from-trunk
6.768 channel PJSIP/203-1 exten=888 context=from-internal
< start 203-1
6.775 up 203-1
6.796 hangup 202-1
6.797 enter b1 203-1
6.798 enter b1 trunk-1
8.768 leave b1 trunk-1
8.769 merge 203-1 trunk-1
8.769 leave b1 203-1
8.769 hangup 203-1
8.770 hangup trunk-1
= trunk-1: recorded 0.007-8.77
= 202-1: not answered
= 203-1: recorded 6.775-8.769
