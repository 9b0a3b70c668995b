"""What a call is found by: its parties' numbers and extensions, and the words of its names and notes.

Takes the connection inside the transaction that saved the call; makes ``numbers``, ``parties`` and
``calls_text`` agree with it. Writes only what changed.
"""

import sqlite3

from callwarden.core.facts import Role
from callwarden.core.numbers import e164, search_key
from callwarden.storage.rows import text_from_sql

NUMBER = "number"
EXTENSION = "extension"
OURS = frozenset({Role.PHONE.value, Role.CARD_LINE.value})
# Of each text this much can be searched for. A longer one is an attack, and is still kept whole in its row.
SEARCHABLE_LENGTH = 500

Key = tuple[str, str, str | None]


def index_call(connection: sqlite3.Connection, linked_id: str, region: str) -> None:
    """Make the call ``linked_id`` findable as it is now."""
    call = connection.execute(
        "SELECT id, started, caller_number, called_number, caller_name, notes FROM calls WHERE linked_id = ?",
        [linked_id],
    ).fetchone()
    if call is None:
        return
    row_id, started, *texts = call
    channels = connection.execute(
        "SELECT role, number, endpoint, party_name FROM channels WHERE linked_id = ?", [linked_id]
    ).fetchall()
    numbers = [text_from_sql(text) for text in (*texts[:2], *(channel[1] for channel in channels))]
    names = [text_from_sql(text) for text in (*texts[2:], *(channel[3] for channel in channels))]
    wanted = _number_keys(numbers, region) | _extension_keys(channels)
    _save_parties(connection, linked_id, started, {_number_id(connection, key) for key in wanted})
    _save_words(connection, row_id, words(numbers + names))


def extension_key(text: str) -> str:
    """An extension is found whole and as it is written: "201", or "PJSIP/201" of the endpoint."""
    return words([text.rpartition("/")[2].casefold()])


def words(texts: list[str]) -> str:
    """One searchable text of several, each once, without what FTS5 stumbles over (NUL, lone surrogates)."""
    unique = dict.fromkeys(text[:SEARCHABLE_LENGTH] for text in texts if text)
    return "\n".join(unique).replace("\x00", " ").encode("utf-8", "replace").decode()


def _number_keys(texts: list[str], region: str) -> set[Key]:
    keys = {(NUMBER, search_key(text, region), e164(text, region)) for text in texts}
    return {key for key in keys if key[1]}


def _extension_keys(channels: list[tuple[str, str, str, str]]) -> set[Key]:
    ours = [texts for role, *texts, _ in channels if role in OURS]
    keys = {extension_key(text_from_sql(text)) for texts in ours for text in texts}
    return {(EXTENSION, key, None) for key in keys if key}


def _number_id(connection: sqlite3.Connection, key: Key) -> int:
    row = connection.execute('SELECT id FROM numbers WHERE kind = ? AND "key" = ?', key[:2]).fetchone()
    if row is None:
        row = connection.execute(
            'INSERT INTO numbers (kind, "key", e164) VALUES (?, ?, ?) RETURNING id', key
        ).fetchone()
    return int(row[0])


def _save_parties(connection: sqlite3.Connection, linked_id: str, started: float, wanted: set[int]) -> None:
    there = set(connection.execute("SELECT number, started FROM parties WHERE linked_id = ?", [linked_id]))
    rows = {(number, started) for number in wanted}
    old = [(linked_id, number) for number, _ in there - rows]
    new = [(linked_id, *row) for row in rows - there]
    connection.executemany("DELETE FROM parties WHERE linked_id = ? AND number = ?", old)
    connection.executemany("INSERT INTO parties (linked_id, number, started) VALUES (?, ?, ?)", new)


def _save_words(connection: sqlite3.Connection, row_id: int, text: str) -> None:
    there = connection.execute("SELECT words FROM calls_text WHERE rowid = ?", [row_id]).fetchone()
    if there is None:
        connection.execute("INSERT INTO calls_text (rowid, words) VALUES (?, ?)", [row_id, text])
    elif there[0] != text:
        connection.execute("UPDATE calls_text SET words = ? WHERE rowid = ?", [text, row_id])
