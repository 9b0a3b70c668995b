# Reception is rung through a Local channel.
# From the log of an Asterisk 22.10.1.

0.000 channel PJSIP/trunk-1 exten=02079460005 context=from-trunk
< start trunk-1
0.001 step inbound trunk-1 call=trunk-1
< answer trunk-1 done after inbound
0.003 up trunk-1
6.422 channel Local/202@from-internal-1;1 call=trunk-1 exten=202 context=from-internal
6.422 channel Local/202@from-internal-1;2 call=trunk-1 exten=202 context=from-internal
6.422 local 202@from-internal-1;1 202@from-internal-1;2
6.422 dial trunk-1 202@from-internal-1;1 202@from-internal context=from-trunk
6.423 step internal 202@from-internal-1;2 call=trunk-1
< answer 202@from-internal-1;2 done
6.425 channel PJSIP/202-1 call=trunk-1 exten=s context=from-internal
< start 202-1
6.429 dial 202@from-internal-1;2 202-1 202 context=from-internal
6.429 up 202-1
6.430 up 202@from-internal-1;1
6.430 up 202@from-internal-1;2
6.430 enter b1 202@from-internal-1;1
6.430 enter b2 202-1
6.431 enter b2 202@from-internal-1;2
6.431 enter b1 trunk-1
6.444 leave b1 trunk-1
6.444 leave b2 202@from-internal-1;2
6.444 enter b2 trunk-1
6.446 leave b1 202@from-internal-1;1
6.446 hangup 202@from-internal-1;2
6.446 hangup 202@from-internal-1;1
7.471 leave b2 trunk-1
7.473 leave b2 202-1
7.473 hangup 202-1
7.473 hangup trunk-1
= trunk-1: recorded 0.003-7.473
= 202-1: recorded 6.429-7.473
