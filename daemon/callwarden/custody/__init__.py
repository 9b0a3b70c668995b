"""Who may hear what, why, for how long, and the proof of it.

people    who is who, and one table of what each role may do
requests  what makes a request good for a recording: pure rules
audit     the hash chain of everything that was done
head      the chain's last link, kept outside of the catalogue
"""
