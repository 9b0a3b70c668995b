"""Who may hear what, why, for how long, and the proof of it.

people      who is who, and one table of what each role may do
door        every verb of the control socket, guarded by it
browsing    what is known of calls, for people who may not read the file; overseeing: whether all is accounted for
requests    what makes a request good for a recording: pure rules
holding     legal holds, over the control socket
retaining   retention rules and their report, over the control socket
audit       the hash chain of everything that was done
head        the chain's last link, kept outside of the catalogue
"""
