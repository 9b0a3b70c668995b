# A third phone joins a payment under way (it is consulted by the agent's other call) and the proof of its silence is
# lost: it is stopped again, without anybody asking.
0.1 channel PJSIP/202-1 exten=700
< start 202-1
0.2 step card-gate 202-1
< stop 202-1
< answer 202-1 clear after card-not-recorded
0.3 channel PJSIP/700-1 call=202-1
0.3 dial 202-1 700-1 700 context=callwarden-card-line
0.4 up 700-1
0.4 up 202-1
0.4 enter b1 700-1
0.4 enter b1 202-1
2.0 stalls
2.0 channel PJSIP/trunk-1 exten=02079460001
< start trunk-1
2.1 channel PJSIP/202-2 call=trunk-1
< stop 202-2
2.2 loses
< alarm recorder-start-failed trunk-1
2.2 loses
< alarm stop-unproven 202-2
2.2 loses
< stop trunk-1
< stop 202-2
2.9 wait
3.0 works
< alarm foreign-recorder trunk-1
4.0 hangup 202-2
4.0 hangup trunk-1
5.0 leave b1 202-1
5.0 leave b1 700-1
5.0 hangup 700-1
5.0 hangup 202-1
= 202-1: suspended 0.4-5 (card line by PJSIP/202)
= 700-1: exempt 0.4-5 (card line)
= trunk-1: not answered
= 202-2: not answered
