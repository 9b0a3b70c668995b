"""The benchmark: what Callwarden costs and how quick it is, from a real Asterisk. `./run bench`; nothing is asserted.

plan.py      how many calls, gates and seconds
office.py    the laboratory with a hundred desks, and calls that stand
witness.py   a manager connection of its own: when channels came, were recorded, were answered
wiretap.py   packets on loopback with the kernel's time: AGI, SIP, AMI
gates.py     ways to the card line, and how long each took
marks.py     how much of the sound at the answer is in the file
costs.py     CPU and memory of the daemon and of Asterisk
machine.py   what it was measured on
figures.py   samples to median, p99, largest
catalogue.py what the daemon itself wrote of the calls, and what is in its recordings
speed.py     the run, phase by phase
result.py    what a run found, which is all that is kept
targets.py   a result to figures beside their targets
report.py    a result to a table on the terminal, and to README.md
"""
