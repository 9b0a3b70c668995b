"""The retention rules in force: those of the configuration, but a change that shortens waits for its day.

Takes the catalogue (its settings say what is in force and since when a change is pending) and the configured rules.
A change is pending until the next day has begun and 24 hours have passed since the daemon first saw it, or until
somebody confirms it. Until then each call is kept as long as either the old rules or the new ones keep it.
"""

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlite_utils import Database

from callwarden.config.retention import Retention, RetentionRule
from callwarden.core.numbers import KeyRange, search_range
from callwarden.core.period import Period
from callwarden.core.retention import Changing, Ended, Rule, Rules
from callwarden.storage.database import region, setting
from callwarden.storage.ended import Asked
from callwarden.storage.parties import extension_key

IN_FORCE, PENDING = "retention in force", "retention pending"
# The name by which versions before this one remembered their only rule.
FORMER = "retention"
DAY_SECONDS = 86400.0
GENERAL = "general"


@dataclass(frozen=True, slots=True)
class Ruling:
    """``in_force``; and ``pending``, where it differs, with when it was first seen and when it will count."""

    in_force: Retention
    pending: Retention | None
    seen: float | None
    from_: float | None
    region: str

    @property
    def rules(self) -> Rules | Changing:
        """How long each call is kept now."""
        old = rules_of(self.in_force, self.region)
        return old if self.pending is None else Changing(old, rules_of(self.pending, self.region))

    @property
    def asked(self) -> Asked:
        """What these rules ask of a call."""
        return asked_by(self.in_force) | (asked_by(self.pending) if self.pending is not None else Asked())

    @property
    def name(self) -> str:
        """Of all the rules as they are now: another one when any of them changes."""
        return json.dumps([_written(self.in_force), _written(self.pending) if self.pending is not None else ""])


def read(db: Database, configured: Retention, now: float) -> Ruling:
    """The rules as they count at ``now``. Writes nothing: what is pending and due by now counts already."""
    in_force = _in_force(db) or configured
    known, seen = _pending(db)
    if configured == in_force:
        return Ruling(in_force, None, None, None, region(db))
    if known != configured or seen is None:
        seen = now
    from_ = counts_from(seen)
    if from_ <= now:
        return Ruling(configured, None, None, None, region(db))
    return Ruling(in_force, configured, seen, from_, region(db))


def settle(db: Database, connection: sqlite3.Connection, configured: Retention, now: float) -> tuple[Ruling, str]:
    """:func:`read`, remembered; with a sentence on what changed, or an empty one. Inside the caller's transaction."""
    before, (known, _) = _in_force(db), _pending(db)
    ruling = read(db, configured, now)
    _save(connection, ruling)
    return ruling, _told(before, known, ruling)


def confirm(connection: sqlite3.Connection, db: Database, configured: Retention) -> Ruling:
    """Let the configured rules count at once. Inside the caller's transaction."""
    ruling = Ruling(configured, None, None, None, region(db))
    _save(connection, ruling)
    return ruling


def counts_from(seen: float) -> float:
    """When a change first seen then counts: in the next day, local time, and at least 24 hours later."""
    local = datetime.fromtimestamp(seen)
    midnight = datetime(local.year, local.month, local.day) + timedelta(days=1)
    return max(seen + DAY_SECONDS, midnight.timestamp())


def rules_of(configured: Retention, dialled_in: str) -> Rules:
    """The rules as they decide; numbers are read as dialled in ``dialled_in`` (ISO 3166)."""
    general = Rule(str(configured.keep), configured.keep.seconds_after)
    return Rules(general, tuple(_rule(rule, dialled_in) for rule in configured.rule))


def asked_by(configured: Retention) -> Asked:
    """What these rules ask of a call."""
    return Asked(
        dids=any(rule.did for rule in configured.rule),
        extensions=frozenset(extension_key(rule.extension) for rule in configured.rule if rule.extension),
        requests=frozenset(rule.request for rule in configured.rule if rule.request),
    )


def described(configured: Retention) -> list[tuple[str, str, str]]:
    """Each rule as people read it: its name, its period, which calls; the general one last."""
    rows = [(rule.name, str(rule.keep), _condition(rule)) for rule in configured.rule]
    return [*rows, (GENERAL, str(configured.keep), "every other call" if rows else "every call")]


def rule_name(name: str, period: str) -> str:
    """What a rule of :func:`described` is called in reasons and tombstones."""
    return period if name == GENERAL else f"{period} ({name})"


def _fits(rule: RetentionRule, did: KeyRange | None, call: Ended) -> bool:
    return (
        (not rule.direction or call.direction == rule.direction)
        and (did is None or did.first <= call.did < did.beyond)
        and (not rule.extension or extension_key(rule.extension) in call.extensions)
        and (not rule.request or rule.request in call.requests)
    )


def _rule(rule: RetentionRule, dialled_in: str) -> Rule:
    did = search_range(rule.did, dialled_in) if rule.did else None
    return Rule(rule_name(rule.name, str(rule.keep)), rule.keep.seconds_after, partial(_fits, rule, did))


def _condition(rule: RetentionRule) -> str:
    parts = (
        rule.direction and f"{rule.direction} calls",
        rule.did and f"to {rule.did}",
        rule.extension and f"with extension {rule.extension}",
        rule.request and f"covered by a request of kind {rule.request}",
    )
    return ", ".join(part for part in parts if part)


def _in_force(db: Database) -> Retention | None:
    written = setting(db, IN_FORCE)
    if written is not None:
        return _from_text(written)
    former = setting(db, FORMER)
    try:
        return Retention(keep=Period.parse(former)) if former is not None else None
    except ValueError:
        return None


def _pending(db: Database) -> tuple[Retention | None, float | None]:
    written = setting(db, PENDING)
    if not written:
        return None, None
    seen, text = json.loads(written)
    return _from_text(text), float(seen)


def _save(connection: sqlite3.Connection, ruling: Ruling) -> None:
    pending = "" if ruling.pending is None else json.dumps([ruling.seen, _written(ruling.pending)])
    for name, value in ((IN_FORCE, _written(ruling.in_force)), (PENDING, pending)):
        connection.execute(
            "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [name, value],
        )


def _written(rules: Retention) -> str:
    return rules.model_dump_json()


def _from_text(text: str) -> Retention:
    return Retention.model_validate(json.loads(text))


def _told(before: Retention | None, known: Retention | None, ruling: Ruling) -> str:
    if ruling.pending is not None:
        return "" if ruling.pending == known else f"new rules are pending: {summary(ruling.pending)}"
    if before == ruling.in_force:
        return "the pending rules were taken back" if known is not None else ""
    return f"these rules are in force: {summary(ruling.in_force)}"


def summary(rules: Retention) -> str:
    """All rules in one line."""
    return "; ".join(f"{name}: {keep}, {condition}" for name, keep, condition in described(rules))
