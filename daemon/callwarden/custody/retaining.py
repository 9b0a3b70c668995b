"""Retention over the control socket: what a change of the rules would do, the report, the word that it may count.

=================  ====================================  =============================================================
verb               arguments                             answer
=================  ====================================  =============================================================
retention-preview  ``rules`` (of a configuration that    ``rules``: see :class:`storage.retained.Difference`;
                   is not in force; optional)            ``pending``, ``counts_from``
retention-report   none                                  ``html``: the page; and its numbers
retention-lines    ``after`` (empty: the first)          ``csv``: a piece of the table; ``after``, empty at the end
retention-confirm  none                                  ``confirmed``: the rules that count from now on, in one line
=================  ====================================  =============================================================
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

from pydantic import ValidationError
from sqlite_utils import Database

from callwarden.config.retention import Retention
from callwarden.control import ControlError, Handler, Kind, Peer
from callwarden.custody import audit
from callwarden.custody.holding import Permit
from callwarden.custody.people import Act
from callwarden.paper import retention as paper
from callwarden.storage import retained, ruling
from callwarden.storage.database import transaction
from callwarden.storage.keeper import Keeper
from callwarden.storage.retained import State


class RetentionDesk:
    """``permit`` says who asks and whether they may; ``changed`` is told when other rules count."""

    def __init__(self, keeper: Keeper, permit: Permit, changed: Callable[[], Awaitable[object]]) -> None:
        self._keeper, self._permit, self._changed = keeper, permit, changed

    def handlers(self) -> dict[str, Handler]:
        """What to do for each verb."""
        return {
            "retention-preview": self._preview,
            "retention-report": self._report,
            "retention-lines": self._lines,
            "retention-confirm": self._confirm,
        }

    async def _preview(self, peer: Peer, request: Mapping[str, object]) -> Mapping[str, Any]:
        await self._permit(peer, Act.RETENTION)
        configured, now = self._rules_of(request), time.time()

        def work(db: Database) -> dict[str, Any]:
            rules = ruling.read(db, configured, now)
            differences = [asdict(each) for each in retained.differences(db, configured, now)]
            return {
                "in_force": ruling.described(rules.in_force),
                "rules": differences,
                "pending": rules.pending is not None,
                "loaded": configured == self._keeper.settings.retention,
                "counts_from": rules.from_,
            }

        return await self._keeper.read(work)

    async def _report(self, peer: Peer, _request: Mapping[str, object]) -> Mapping[str, Any]:
        await self._permit(peer, Act.RETENTION)
        configured, now = self._keeper.settings.retention, time.time()
        state = await self._keeper.read(lambda db: retained.state(db, ruling.read(db, configured, now), now))
        return {"html": paper.html(state), **shape(state)}

    async def _lines(self, peer: Peer, request: Mapping[str, object]) -> Mapping[str, Any]:
        await self._permit(peer, Act.RETENTION)
        configured, now, after = self._keeper.settings.retention, time.time(), request.get("after", "")
        if not isinstance(after, str) or not retained.is_place(after):
            raise ControlError('"after" is what the last answer gave.', Kind.BAD_REQUEST)

        def work(db: Database) -> dict[str, Any]:
            found, next_ = retained.lines(db, ruling.read(db, configured, now), now, after)
            return {"csv": paper.csv_text(found, header=not after), "after": next_}

        return await self._keeper.read(work)

    async def _confirm(self, peer: Peer, _request: Mapping[str, object]) -> Mapping[str, Any]:
        asker = await self._permit(peer, Act.RETENTION)
        configured, now = self._keeper.settings.retention, time.time()

        def work(db: Database) -> str:
            if ruling.read(db, configured, now).pending is None:
                raise ControlError("No change of the retention rules is pending.", Kind.NOT_FOUND)
            told = ruling.summary(configured)
            with transaction(db) as connection:
                ruling.confirm(connection, db, configured)
                audit.append(db, now, asker.who, "retention-confirmed", "", {"rules": told})
            return told

        confirmed = await self._keeper.on_catalogue(work)
        await self._changed()
        return {"confirmed": confirmed}

    def _rules_of(self, request: Mapping[str, object]) -> Retention:
        """Those that the client has read from the configuration, for a preview before a reload; else ours."""
        given = request.get("rules")
        if given is None:
            return self._keeper.settings.retention
        try:
            return Retention.model_validate(given)
        except ValidationError:
            raise ControlError('"rules" are no retention rules.', Kind.BAD_REQUEST) from None


def shape(state: State) -> dict[str, Any]:
    """The numbers of the report."""
    oldest = state.oldest
    return {
        "at": state.at,
        "kept": state.kept,
        "oldest": None if oldest is None else oldest.ended,
        "oldest_held": oldest is not None and bool(oldest.holds),
        "due": state.due,
        "late": state.late,
        "held_and_due": state.held_and_due,
        "holds": len(state.holds),
        "purged": state.purged,
        "unproven": state.unproven,
        "forgotten": state.forgotten,
        "last_purge": state.last_purge,
        "stuck": [{"recording": unique_id, "problem": problem} for unique_id, problem in state.stuck],
        "rules": [{"rule": name, **asdict(of)} for name, of in sorted(state.by_rule.items())],
        "in_force": ruling.described(state.ruling.in_force),
        "pending": ruling.described(state.ruling.pending) if state.ruling.pending is not None else [],
        "counts_from": state.ruling.from_,
        "verdicts": [{"sentence": sentence, "good": good} for sentence, good in paper.verdicts(state)],
    }
