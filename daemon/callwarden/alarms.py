"""Alarms: what somebody must look at. One door for all of them, whichever part found it."""

import logging

from callwarden import logs

log = logging.getLogger(__name__)


class Alarms:
    """``sound`` may be called from the event loop only."""

    def sound(self, kind: str, text: str, unique_id: str = "") -> None:
        """Raise an alarm: its kind is a short name with hyphens, its text a sentence with what to do; no full number
        and no secret in it. ``unique_id`` names the channel that it is about, if any."""
        log.warning("ALARM %s: %s", kind, text, extra=logs.about(channel=unique_id))
