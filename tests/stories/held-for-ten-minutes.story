# A caller is put on hold for ten minutes: the music is recorded, and the recorder is renewed when the two talk again.
settings announce__inbound=off
0.1 channel PJSIP/trunk-1 exten=02079460001
< start trunk-1
0.2 channel PJSIP/202-1 call=trunk-1
< start 202-1
0.3 up 202-1
0.3 up trunk-1
0.3 enter b1 202-1
0.3 enter b1 trunk-1
5.0 music trunk-1
605.0 music trunk-1 over
< stop trunk-1
< start trunk-1
610.0 leave b1 202-1
610.0 leave b1 trunk-1
610.0 hangup trunk-1
610.0 hangup 202-1
= trunk-1: recorded 0.3-605, suspended 605-605.1 (recorder renewed by Callwarden), recorded 605.1-610
= 202-1: recorded 0.3-610
