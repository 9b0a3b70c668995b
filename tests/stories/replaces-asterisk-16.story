# The same on Asterisk 16: a second call to the card line, then REFER with Replaces.
# From the log of an Asterisk 16.28.0.

0.000 channel PJSIP/trunk-1 exten=02079460007 context=from-trunk
< start trunk-1
0.001 step inbound trunk-1 call=trunk-1
< answer trunk-1 done after inbound
0.002 up trunk-1
6.423 channel PJSIP/207-1 call=trunk-1 exten=s context=from-internal
< start 207-1
6.423 dial trunk-1 207-1 207 context=from-trunk
6.446 up 207-1
6.447 enter b1 207-1
6.447 enter b1 trunk-1
9.054 channel PJSIP/207-2 exten=700 context=from-internal
< start 207-2
9.054 step card-gate 207-2 call=207-2
< stop 207-1
< stop 207-2
< stop trunk-1
< answer 207-2 clear after card-not-recorded
11.894 channel PJSIP/700-1 call=207-2 exten=s context=from-internal
11.894 dial 207-2 700-1 700 context=callwarden-card-line
11.897 up 700-1
11.897 up 207-2
11.897 enter b2 700-1
11.897 enter b2 207-2
12.931 leave b1 trunk-1
12.931 leave b2 207-2
12.931 enter b2 trunk-1
12.931 leave b1 207-1
12.932 hangup 207-1
12.933 hangup 207-2
13.940 leave b2 trunk-1
13.940 merge 700-1 trunk-1
13.940 leave b2 700-1
13.941 hangup trunk-1
13.941 hangup 700-1
= trunk-1: recorded 0.002-9.055, suspended 9.055-13.94 (card line by PJSIP/207)
= 207-1: recorded 6.446-9.055, suspended 9.055-12.93 (card line by PJSIP/207)
= 207-2: suspended 11.9-12.93 (card line by PJSIP/207)
= 700-1: exempt 11.9-13.94 (card line)
