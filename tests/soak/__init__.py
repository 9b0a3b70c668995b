"""The soak: calls of every kind side by side on a real Asterisk, faults mixed in at random, everything checked.

How it works, in one picture::

    seed -> plan -> office (a hundred desks) -> calls (a thread each), faults (one after another)
                                                      |
    evidence (Asterisk's own events), leaks (every file searched), accounts (the catalogue) -> verdict -> report

* ``scenes`` are what people do in one kind of call; ``cast`` tells them who answered.
* ``faults`` are what is done to the daemon, to Asterisk and to what connects them.
* ``held`` is one call beside them that is on hold for ten minutes.
* ``evidence`` is what Asterisk itself says of each channel: the product has no part in it.
* ``verdict`` holds the catalogue, the vault and the spool to that evidence, and looks for the card's tones.
"""
