# While the caller is with the card line its channel is renamed by a masquerade: recorders may have come with the name,
# so its silence is proven anew.
0.1 channel PJSIP/trunk-1 exten=700
< start trunk-1
0.3 up trunk-1
2.0 step card-gate trunk-1
< stop trunk-1
< answer trunk-1 clear after card-not-recorded
2.1 channel PJSIP/700-1 call=trunk-1
2.1 dial trunk-1 700-1 700 context=callwarden-card-line
3.0 rename trunk-1 PJSIP/trunk-7
< stop trunk-1
5.0 hangup 700-1
5.0 hangup trunk-1
= trunk-1: recorded 0.3-2.001, suspended 2.001-5 (card line by PJSIP/trunk)
= 700-1: not answered
