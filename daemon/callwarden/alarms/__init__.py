"""Alarms: what somebody must look at. One door for all of them, whichever part found it.

door.py    Alarms: the log line at once, then the catalogue and the ways
outbox.py  what waits for a way, in one go where it comes in a flood, tried again while the way is shut
ways.py    the ways that are configured
hook.py    a way: a command of the admin's
mail.py    a way: an e-mail

One alarm, and when it is worth sending, is ``core.alarm``.

Rules: the log line is never lost and comes first; nothing here blocks the event loop; the same kind about the same
thing is not sent more often than `alarms.repeat_after`; what could not be sent before the daemon stopped is sent by
the next one.
"""

from callwarden.alarms.door import Alarms
from callwarden.core.alarm import Alarm, News, Notice

__all__ = ["Alarm", "Alarms", "News", "Notice"]
