"""Behind the door, where a desk needs to know who asks: the person, and once more whether they may.

The door (``door``) refuses first, by the verb; this is what is left of a verb that the door would forget.
"""

import os
import time

from callwarden.control import ControlError, Kind, Peer
from callwarden.custody import audit
from callwarden.custody.people import Act, Asker, allowed, asker, refusal
from callwarden.storage.keeper import Keeper


class Permits:
    """Called with a peer and an act: gives who it is, or raises ControlError once the refusal is in the audit chain."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def asker(self, peer: Peer) -> Asker:
        """Who the peer is, by the present configuration."""
        return asker(self._keeper.settings.person, peer, os.getuid())

    async def __call__(self, peer: Peer, act: Act) -> Asker:
        """Who it is, if they may do this."""
        who = self.asker(peer)
        if allowed(who, act):
            return who
        sentence, now = refusal(who, act), time.time()
        detail = {"act": str(act)}
        await self._keeper.on_catalogue(lambda db: audit.append(db, now, who.who, "refused", "", detail))
        raise ControlError(sentence, Kind.NOT_ALLOWED)
