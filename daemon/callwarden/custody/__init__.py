"""Who may hear what, why, for how long, and the proof of it.

people      who is who, and one table of what each role may do
permitting  who asks, for the desks behind the door
requests    what makes a request good for a recording: pure rules
holding     legal holds, over the control socket
retaining   retention rules and their report, over the control socket
audit       the hash chain of everything that was done
head        the chain's last link, kept outside of the catalogue
"""
