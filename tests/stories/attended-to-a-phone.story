# Attended transfer (*2) to another phone: the new phone's recorder is renewed when it meets the caller, and once more when
# the Local channel is gone through which the transfer's beep came. Of the two one is renewed after the other.
# From the log of an Asterisk 22.10.1.
settings announce__inbound=off

0.000 channel PJSIP/trunk-1 exten=02079460001 context=from-trunk
< start trunk-1
0.006 channel PJSIP/202-1 call=trunk-1 exten=s context=from-internal
< start 202-1
0.008 dial trunk-1 202-1 202 context=from-trunk
0.013 up 202-1
0.014 up trunk-1
0.015 enter b1 202-1
0.015 enter b1 trunk-1
1.092 music trunk-1
3.351 channel Local/204@from-internal-1;1 call=trunk-1 exten=204 context=from-internal
3.351 channel Local/204@from-internal-1;2 call=trunk-1 exten=204 context=from-internal
3.351 local 204@from-internal-1;1 204@from-internal-1;2
3.352 enter b2 204@from-internal-1;1
3.353 leave b1 202-1
3.353 enter b2 202-1
3.355 channel PJSIP/204-1 call=trunk-1 exten=s context=from-internal
< start 204-1
3.357 dial 204@from-internal-1;2 204-1 204 context=from-internal
3.365 up 204-1
3.365 up 204@from-internal-1;2
3.365 enter b3 204-1
3.366 up 204@from-internal-1;1
3.366 enter b3 204@from-internal-1;2
< stop 202-1
< start 202-1
4.404 leave b2 202-1
4.404 music trunk-1 over
4.404 leave b2 204@from-internal-1;1
4.404 enter b1 204@from-internal-1;1
< stop 204-1
4.406 hangup 202-1
< start 204-1
< stop trunk-1
< start trunk-1
4.838 leave b1 trunk-1
4.838 leave b3 204@from-internal-1;2
4.838 enter b3 trunk-1
< stop 204-1
4.838 leave b1 204@from-internal-1;1
4.838 hangup 204@from-internal-1;1
4.839 hangup 204@from-internal-1;2
< start 204-1
< stop trunk-1
< start trunk-1
6.368 leave b3 trunk-1
6.370 leave b3 204-1
6.371 hangup trunk-1
6.372 hangup 204-1
= trunk-1: recorded 0.014-4.528, suspended 4.528-4.649 (recorder renewed by Callwarden), recorded 4.649-4.961, suspended 4.961-5.082 (recorder renewed by Callwarden), recorded 5.082-6.371
= 202-1: recorded 0.013-3.367, suspended 3.367-3.488 (recorder renewed by Callwarden), recorded 3.488-4.406
= 204-1: recorded 3.365-4.405, suspended 4.405-4.527 (recorder renewed by Callwarden), recorded 4.527-4.839, suspended 4.839-4.96 (recorder renewed by Callwarden), recorded 4.96-6.372
