"""Callwarden: the call-recording policy of a small organisation, made true beside its Asterisk.

How it works, in one picture::

    Asterisk -> asterisk/ami, agi -> core/events -> core/warden -> core/actions -> service -> asterisk/ami, agi, ari
                                                       |
                                                       +-> core/facts -> storage/catalogue
                                                       +-> spool -> storage/finish -> vault -> retention -> purge

* ``core/`` decides and touches nothing: events in, actions out, no clock, no I/O.
* ``asterisk/`` speaks AMI, FastAGI and ARI and knows nothing of policy.
* ``storage/`` keeps the catalogue (SQLite), the spool's files and the vault.
* ``service.py`` is the one place that performs actions.
* ``cli/`` reads the catalogue itself and asks the daemon, over ``control.py``, to change anything.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("callwarden")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
