# The agent's *8 is forgotten: recording resumes by itself.
settings card__in_place=true card__in_place_limit=10
0.1 channel PJSIP/202-1 exten=01632960999
< start 202-1
0.3 up 202-1
5.0 step suspend 202-1
< stop 202-1
< answer 202-1 done
< start 202-1
20.0 hangup 202-1
= 202-1: recorded 0.3-5.001, suspended 5.001-15 (suspended in place by PJSIP/202), recorded 15-20
