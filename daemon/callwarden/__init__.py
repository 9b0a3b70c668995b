"""Callwarden: the call-recording policy of a small organisation, made true beside its Asterisk.

How it works, in one picture::

    Asterisk -> asterisk/ami, agi -> core/events -> core/warden -> core/actions -> service -> asterisk/ami, agi, ari
                                                       |
                                                       +-> core/facts -> storage/catalogue
                                                       +-> spool -> storage/finish -> vault -> retention -> purge

* ``core/`` decides and touches nothing: events in, actions out, no clock, no I/O.
* ``asterisk/`` speaks AMI, FastAGI and ARI and knows nothing of policy.
* ``storage/`` keeps the catalogue (SQLite), the spool's files, the vault, seals and the external store.
* ``service.py`` is the one place that performs actions, and all that calls wait for at a start; ``back_office.py`` is
  the rest, which opens beside the calls; ``desk.py`` in it answers the control socket.
* ``custody/`` is who may do what (``people``: one table; ``door``: every verb), requests, listening, the audit chain;
  ``release/`` and ``paper/`` what is handed over.
* ``alarms/`` is the one door for what somebody must look at, ``health/`` metrics and disks.
* Beside the calls: ``housekeeping`` (the purge), ``reconciling``, ``sealer``, ``archiver``, ``left_behind``, ``growth``
  (recordings that should grow), ``clock_watch``; each holds its own schedule.
* ``cli/``, one file a noun: what root and Callwarden's user may read it reads itself, everything else it asks the
  daemon, over ``control.py`` (``asking.py`` is its end of it).
"""

__version__: str


def __getattr__(name: str) -> str:
    """``__version__``, looked up when it is asked for: that takes longer than all that comes before the daemon is
    ahead of the machine's other programs."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("callwarden")
    except PackageNotFoundError:  # a source tree that was never installed
        return "0+unknown"
