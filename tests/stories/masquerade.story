# 203 fetches the call that rings at 202 and a masquerade renames the ringing channel (not seen on 16 or 22).
0.1 channel PJSIP/trunk-1 exten=02079460001
< start trunk-1
0.2 up trunk-1
0.3 channel PJSIP/202-1 call=trunk-1
< start 202-1
0.3 dial trunk-1 202-1 202 context=from-trunk
3.0 channel PJSIP/203-1 exten=*8
< start 203-1
3.0 up 203-1
3.0 merge 203-1 trunk-1
3.0 rename 203-1 PJSIP/203-1<MASQ>
3.0 rename 202-1 PJSIP/203-1
3.0 rename 203-1 PJSIP/202-1<ZOMBIE>
3.0 up 202-1
3.0 hangup 203-1
3.0 enter b1 202-1
3.0 enter b1 trunk-1
< whisper trunk-1 inbound
9.0 leave b1 202-1
9.0 leave b1 trunk-1
9.0 hangup 202-1
9.0 hangup trunk-1
= trunk-1: recorded 0.2-9
= 202-1: recorded 3-9
= 203-1: not answered
