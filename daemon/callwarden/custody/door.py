"""The door to everything that the control socket can do: who asks, whether they may, and the entry of it.

Takes the handlers of all desks; gives them back guarded. Rules: who asks is known from the kernel alone; each refusal
is a sentence, exit status 3 and an audit entry; what operates the machine is entered when it was done. What cannot be
entered (the catalogue is in trouble) is not done where it lets somebody hear or see.
"""

import os
import time
from collections.abc import Awaitable, Callable, Mapping

from callwarden.control import ControlError, Handler, Kind, Peer
from callwarden.custody.people import Act, Asker, allowed, asker, refusal
from callwarden.storage.keeper import Keeper

VERBS: dict[str, Act] = {
    "status": Act.STATUS,
    "suspend": Act.OPERATE,
    "resume": Act.OPERATE,
    "purge": Act.OPERATE,
    "reload": Act.OPERATE,
    "sounds": Act.OPERATE,
    "alarms-test": Act.OPERATE,
    "alarms-acknowledge": Act.OPERATE,
    "seal-status": Act.STATUS,
    "seal-rotate": Act.OPERATE,
    "archive-status": Act.STATUS,
    "archive-retry": Act.OPERATE,
    "reconcile": Act.OVERSEE,
    "reconcile-list": Act.OVERSEE,
    "coverage": Act.OVERSEE,
    "alarms-list": Act.OVERSEE,
    "why": Act.BROWSE,
    "reconcile-acknowledge": Act.OPERATE,
    "holds-add": Act.HOLD,
    "holds-list": Act.HOLD,
    "holds-lift": Act.LIFT_HOLD,
    "retention-preview": Act.RETENTION,
    "retention-report": Act.RETENTION,
    "retention-lines": Act.RETENTION,
    "retention-confirm": Act.RETENTION,
    "release-find": Act.RELEASE,
    "release-open": Act.RELEASE,
    "release-list": Act.RELEASE,
    "release-show": Act.RELEASE,
    "release-decide": Act.RELEASE,
    "release-mute": Act.RELEASE,
    "release-unmute": Act.RELEASE,
    "release-waveform": Act.RELEASE,
    "release-build": Act.RELEASE,
    "release-progress": Act.RELEASE,
    "release-files": Act.RELEASE,
    "release-read": Act.RELEASE,
    "release-handed": Act.RELEASE,
    "browsing": Act.BROWSE,
    "calls": Act.BROWSE,
    "recordings": Act.BROWSE,
    "recording": Act.BROWSE,
    "request-open": Act.REQUEST,
    "request-list": Act.REQUEST,
    "request-show": Act.REQUEST,
    "request-approve": Act.APPROVE,
    "request-refuse": Act.APPROVE,
    "request-close": Act.REQUEST,
    "listen": Act.LISTEN,
    "audit-show": Act.READ_AUDIT,
    "audit-verify": Act.VERIFY_AUDIT,
    "audit-head": Act.VERIFY_AUDIT,
}
"""What each verb is, in the terms of the table of roles. One that is not here is an operation of the machine."""
OPERATIONS = frozenset(
    {
        "suspend", "resume", "reload", "alarms-test", "alarms-acknowledge", "seal-rotate", "archive-retry",
        "reconcile", "reconcile-acknowledge",
    }
)  # fmt: skip
"""Entered here when they were done; the others enter themselves, in the transaction of the deed."""
REPEATED_SECONDS = 60.0
"""The same refusal of the same user is entered once in so many seconds: nobody fills the disk by asking."""

ABOUT = {"recording": "", "call": "", "hold": "hold ", "release": "release ", "request": "request-"}

PersonHandler = Callable[[Asker, Mapping[str, object]], Awaitable[Mapping[str, object]]]


class Door:
    """``keeper`` holds the settings, with the people, and the catalogue."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._uid = os.geteuid()
        self._refused: dict[tuple[str, str, str, str], float] = {}

    def asker(self, peer: Peer) -> Asker:
        """Who the peer is."""
        return asker(self._keeper.settings.person, peer, self._uid)

    async def permit(self, peer: Peer, act: Act) -> Asker:
        """Who the peer is, if they may do this: a desk's own look, behind the verb's, where somebody hears, releases
        or deletes. Raises ControlError, which is entered on its way out."""
        who = self.asker(peer)
        _must_be_allowed(who, act)
        return who

    def guarded(self, handlers: Mapping[str, Handler]) -> dict[str, Handler]:
        """The handlers, each behind its act."""
        return {verb: self._guard(verb, handler) for verb, handler in handlers.items()}

    def knowing(self, handler: PersonHandler) -> Handler:
        """A handler that is given the person in the place of the peer."""

        async def handle(peer: Peer, request: Mapping[str, object]) -> Mapping[str, object]:
            return await handler(self.asker(peer), request)

        return handle

    async def enter(self, who: str, act: str, about: str = "", /, **detail: object) -> None:
        """Add an entry to the audit chain. Raises what the catalogue raises."""
        await self._keeper.enter(who, act, about, **detail)

    def _guard(self, verb: str, handler: Handler) -> Handler:
        act = VERBS.get(verb, Act.OPERATE)

        async def handle(peer: Peer, request: Mapping[str, object]) -> Mapping[str, object]:
            who = self.asker(peer)
            try:
                _must_be_allowed(who, act)
                answer = await handler(peer, request)
            except ControlError as error:
                if error.kind is Kind.NOT_ALLOWED:
                    await self._enter_refusal(who, verb, request, str(error))
                raise
            if verb in OPERATIONS:
                await self.enter(who.who, verb, _about(request), **_outcome(answer))
            return answer

        return handle

    async def _enter_refusal(self, who: Asker, verb: str, request: Mapping[str, object], sentence: str) -> None:
        now, what = time.time(), (who.user, verb, _about(request), sentence)
        if now - self._refused.get(what, 0.0) < REPEATED_SECONDS:
            return
        if len(self._refused) > 1000:
            self._refused.clear()
        self._refused[what] = now
        await self.enter(who.who, "refused", _about(request), verb=verb, why=sentence)


def _must_be_allowed(who: Asker, act: Act) -> None:
    if not allowed(who, act):
        raise ControlError(refusal(who, act), Kind.NOT_ALLOWED)


def _about(request: Mapping[str, object]) -> str:
    """What a request is about, as far as it says, named as in the entries of what was done."""
    for name, prefix in ABOUT.items():
        value = request.get(name)
        if isinstance(value, str | int):
            return f"{prefix}{value}"[:150]
    return ""


def _outcome(answer: Mapping[str, object]) -> dict[str, object]:
    """Of an order, what came of it, in short."""
    return {name: answer[name] for name in ("done", "message", "applied", "restart", "problems") if name in answer}
