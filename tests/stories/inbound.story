# A caller rings in, hears the announcement, talks to reception, hangs up.
0.306 channel PJSIP/trunk-1 exten=02079460001
< start trunk-1
0.307 step inbound trunk-1
< answer trunk-1 done after inbound
0.600 up trunk-1
4.000 channel PJSIP/202-1 call=trunk-1
< start 202-1
4.003 dial trunk-1 202-1 202
5.000 up 202-1
5.001 enter b1 202-1
5.002 enter b1 trunk-1
65.000 leave b1 trunk-1
65.000 leave b1 202-1
65.001 hangup 202-1
65.002 hangup trunk-1
= trunk-1: recorded 0.6-65
= 202-1: recorded 5-65
