"""The retention report: a page for an auditor, and a CSV table with every recording that is kept or was purged.

Takes what ``storage.retained`` gives; nothing in it is personal data but what people wrote as the reason of a hold.
"""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime

from callwarden.paper.moments import day, moment
from callwarden.paper.page import heading, page, pairs, paragraph, table
from callwarden.storage.retained import Line, OfHold, State
from callwarden.storage.ruling import described

COLUMNS = ("recording", "state", "call_ended", "rule", "kept_until", "holds", "sha256", "purged", "why", "note")
# A cell that begins like this would be a formula to a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def html(state: State, organisation: str = "") -> str:
    """The page."""
    title = "Retention of call recordings"
    lead = f"{organisation + ': ' if organisation else ''}the state on {moment(state.at)}, as the catalogue has it."
    return page(title, lead, *_summary(state), *_rules(state), *_holds(state.holds), *_purged(state))


def csv_text(lines: Iterable[Line], header: bool) -> str:
    """One row a recording, after a ``header``; times are ISO 8601 in UTC."""
    out = io.StringIO()
    writer = csv.writer(out)
    if header:
        writer.writerow(COLUMNS)
    for line in lines:
        holds = " ".join(str(number) for number in line.holds)
        row = (line.unique_id, line.state, _iso(line.ended), line.rule, _iso(line.until), holds, line.sha256)
        writer.writerow([_cell(cell) for cell in (*row, _iso(line.purged), line.why, line.note)])
    return out.getvalue()


def verdicts(state: State) -> list[tuple[str, bool]]:
    """What the report proves or fails to, in sentences; whether each is as it should be."""
    found = []
    if state.due:
        found.append((f"Due, and going with the next purge: {state.due}.", True))
    if state.late:
        found.append((f"Due for more than two days: {state.late}. The purge does not work: see the log.", False))
    else:
        found.append(("No recording is kept beyond its time, but those on hold.", True))
    if state.unproven:
        found.append((f"Said to be purged, without a tombstone: {state.unproven}.", False))
    else:
        found.append(("Every purged recording has its tombstone.", True))
    if state.stuck:
        found.append((f"Due, but could not be deleted: {len(state.stuck)}.", False))
    return found


def _summary(state: State) -> list[str]:
    oldest = state.oldest
    oldest_told = "none" if oldest is None else f"of the call that ended on {moment(oldest.ended)}"
    if oldest is not None and oldest.holds:
        free = state.oldest_free
        oldest_told += f" (on hold; without holds: {moment(free.ended) if free is not None else 'none'})"
    values = {
        "Recordings kept": str(state.kept),
        "Oldest recording": oldest_told,
        "Due now": f"{state.due}; the next purge deletes them",
        "Due, but on hold": str(state.held_and_due),
        "Purged, with tombstones": str(state.purged),
        "Calls whose people are forgotten": str(state.forgotten),
        "Last purge": moment(state.last_purge) or "none yet",
    }
    told = [paragraph(sentence, "good" if good else "bad") for sentence, good in verdicts(state)]
    return [heading("Summary"), *told, pairs(values)]


def _rules(state: State) -> list[str]:
    rules = state.ruling
    parts = [heading("Rules in force"), table(("Rule", "Kept for", "Calls"), described(rules.in_force))]
    if rules.pending is not None:
        sentence = f"Other rules are pending; they count from {moment(rules.from_)}:"
        note = "Until then every recording is kept as long as the old rules or the new ones keep it."
        parts += [paragraph(sentence), table(("Rule", "Kept for", "Calls"), described(rules.pending))]
        parts += [paragraph(note, "note")]
    rows = [(name, str(of.kept), str(of.due), str(of.held)) for name, of in sorted(state.by_rule.items())]
    columns = ("Kept by the rule", "Recordings", "Due now", "Due, on hold")
    return [*parts, heading("Recordings by rule"), table(columns, rows, columns[1:])]


def _holds(holds: list[OfHold]) -> list[str]:
    if not holds:
        return [heading("Legal holds"), paragraph("None is in force.")]
    rows = [
        (str(one.hold.number), one.hold.kind.value, one.hold.reason, one.hold.placed_by, day(one.hold.placed),
         str(one.recordings), str(one.waiting))
        for one in holds
    ]  # fmt: skip
    columns = ("Hold", "On a", "Reason", "Placed by", "On", "Recordings", "Waiting")
    note = "Waiting: recordings whose time is over and that are kept because of the hold."
    return [heading("Legal holds"), table(columns, rows, columns[-2:]), paragraph(note, "note")]


def _purged(state: State) -> list[str]:
    parts = [heading("Deletions")]
    if state.stuck:
        parts += [paragraph("Due, but could not be deleted:", "bad"), table(("Recording", "Why"), state.stuck)]
    if not state.tombstones:
        return [*parts, paragraph("Nothing was deleted yet.")]
    months = [(month, str(count)) for month, count in state.tombstones.items()]
    parts.append(table(("Month (UTC)", "Tombstones"), months, ("Tombstones",)))
    if state.gone_before:
        parts.append(paragraph(f"Of these, {state.gone_before} files were gone before they were to be deleted.", "bad"))
    rows = [(one.unique_id, moment(one.purged), one.why, one.sha256 or "none") for one in state.latest]
    parts.append(paragraph(f"The latest {len(rows)}; the CSV table has all of them:", "note"))
    return [*parts, table(("Recording", "Deleted", "Why", "SHA-256 of the file"), rows)]


def _iso(at: float | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _cell(value: str) -> str:
    return "'" + value if value.startswith(FORMULA) else value
