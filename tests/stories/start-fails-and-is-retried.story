# Asterisk will not record for a while: it is asked again and again, and the gap says what Asterisk said.
0.1 refuses Permission denied
0.1 channel PJSIP/trunk-1 exten=02079460001
< start trunk-1
< alarm recorder-start-failed trunk-1
0.3 up trunk-1
< start trunk-1
< alarm recorder-start-failed trunk-1
< start trunk-1
< alarm recorder-start-failed trunk-1
2.0 refuses
< start trunk-1
12.0 hangup trunk-1
= trunk-1: gap 0.3-3.304 (Permission denied), recorded 3.304-12
