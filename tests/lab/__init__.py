"""The laboratory: a real Asterisk that already works, the world around it, and ears for what was recorded.

roots.py      where the private Asterisk and client roots are (made by `./run setup`, with make-root)
ports.py      a block of ports nobody else uses
instance.py   one Asterisk process: own directory, own ports, start, stop, kill
ami.py        a small client for Asterisk's manager interface, independent of the product's
pbx.py        the Asterisk that Callwarden is added to: trunk, phones, card lines, features
world.py      the second Asterisk: outside callers, the people at the phones, the card line's other end
softphone.py  real clients: linphonec (attended transfer with Replaces) and SIPp (REFER)
tones.py      which tone is where in a file
watcher.py    keeps every file that ever appears, to be searched after it was deleted
daemon.py     the product's daemon as a subprocess
lab.py        all of it together
"""
