# A softphone holds the caller, calls the card line, and joins the two (REFER with Replaces). Merged only at the very end.
# From the log of an Asterisk 22.10.1.

0.000 channel PJSIP/trunk-1 exten=02079460007 context=from-trunk
< start trunk-1
0.001 step inbound trunk-1 call=trunk-1
< answer trunk-1 done after inbound
0.040 up trunk-1
6.462 channel PJSIP/207-1 call=trunk-1 exten=s context=from-internal
< start 207-1
6.464 dial trunk-1 207-1 207 context=from-trunk
6.473 up 207-1
6.473 enter b1 207-1
6.473 enter b1 trunk-1
9.068 channel PJSIP/207-2 exten=700 context=from-internal
< start 207-2
9.069 step card-gate 207-2 call=207-2
< stop 207-1
< stop 207-2
< stop trunk-1
< answer 207-2 clear after card-not-recorded
11.908 channel PJSIP/700-1 call=207-2 exten=s context=from-internal
11.909 dial 207-2 700-1 700 context=callwarden-card-line
11.911 up 700-1
11.911 up 207-2
11.912 enter b2 700-1
11.912 enter b2 207-2
12.944 leave b1 trunk-1
12.945 leave b2 207-2
12.945 enter b2 trunk-1
12.945 leave b1 207-1
12.945 hangup 207-1
12.945 hangup 207-2
13.948 leave b2 trunk-1
13.948 merge 700-1 trunk-1
13.948 leave b2 700-1
13.949 hangup 700-1
13.949 hangup trunk-1
= trunk-1: recorded 0.04-9.07, suspended 9.07-13.95 (card line by PJSIP/207)
= 207-1: recorded 6.473-9.07, suspended 9.07-12.95 (card line by PJSIP/207)
= 207-2: suspended 11.91-12.95 (card line by PJSIP/207)
= 700-1: exempt 11.91-13.95 (card line)
