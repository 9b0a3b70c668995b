"""A person as the catalogue can know one: by numbers in any spelling, by extensions, by names.

Takes a connection and what the person is known by; gives the calls that concern them. A person is found by any of
their spellings, so a search for one is the union of the searches for each. A name matches where every word of it is
among the words of one call (accents and case do not count).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from callwarden.core.numbers import SUFFIX_DIGITS, digits, search_range
from callwarden.storage.parties import words
from callwarden.storage.search import extension_ids, number_ids

LONGEST_TERM = 200  # characters
KINDS = ("number", "name", "extension")


class NobodyMeant(ValueError):
    """What was given names nobody; the text says what to give."""


@dataclass(frozen=True, slots=True)
class Person:
    """What somebody is known by, as it was given."""

    numbers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()

    @classmethod
    def of(cls, numbers: Iterable[str] = (), names: Iterable[str] = (), extensions: Iterable[str] = ()) -> "Person":
        """Checked, each once. Raises :class:`NobodyMeant`."""
        person = cls(_each(numbers), _each(names), _each(extensions))
        for number in person.numbers:
            if 0 < len(digits(number)) < SUFFIX_DIGITS:
                raise NobodyMeant(f'"{number}" is too short for a number: give all its digits, or --extension.')
            if search_range(number, "GB") is None:
                raise NobodyMeant(f'"{number}" is no number: give digits, or --name.')
        for name in person.names:
            if not any(character.isalnum() for character in name):
                raise NobodyMeant(f'"{name}" is no name: it has no letters.')
        if not person.terms:
            raise NobodyMeant("Say who: --number, --name or --extension, each as often as needed.")
        return person

    @classmethod
    def of_terms(cls, terms: Iterable[tuple[str, str]]) -> "Person":
        """The person of stored (kind, text) pairs."""
        known = list(terms)
        numbers, names, extensions = (tuple(text for kind, text in known if kind == wanted) for wanted in KINDS)
        return cls(numbers, names, extensions)

    @property
    def terms(self) -> list[tuple[str, str]]:
        """(kind, text), to be stored."""
        return [
            *(("number", text) for text in self.numbers),
            *(("name", text) for text in self.names),
            *(("extension", text) for text in self.extensions),
        ]


def calls_of(db: Database, person: Person, among: Sequence[str] | None = None) -> set[str]:
    """The linked ids of the calls that concern ``person``; only of those ``among``, where given."""
    found: set[str] = set()
    ids = [one for number in person.numbers for one in number_ids(db, number, most=None)]
    ids += [one for extension in person.extensions for one in extension_ids(db, extension)]
    if ids:
        found |= _by_parties(db, ids, among)
    for name in person.names:
        found |= _by_name(db, name, among)
    return found


def _each(texts: Iterable[str]) -> tuple[str, ...]:
    cleaned = [" ".join(text.split()) for text in texts]
    for text in cleaned:
        if len(text) > LONGEST_TERM:
            raise NobodyMeant(f"A number or a name has at most {LONGEST_TERM} characters.")
    return tuple(dict.fromkeys(words([text]) for text in cleaned if text))


def _by_parties(db: Database, ids: list[int], among: Sequence[str] | None) -> set[str]:
    if among is None:
        sql = "SELECT linked_id FROM parties WHERE number IN (SELECT value FROM json_each(?))"
        return {row[0] for row in db.conn.execute(sql, [json.dumps(ids)])}
    sql = (
        "SELECT p.linked_id FROM json_each(?) a CROSS JOIN parties p ON p.linked_id = a.value "
        "WHERE p.number IN (SELECT value FROM json_each(?))"
    )
    return {row[0] for row in db.conn.execute(sql, [json.dumps(list(among)), json.dumps(ids)])}


def _by_name(db: Database, name: str, among: Sequence[str] | None) -> set[str]:
    sql = "SELECT c.linked_id FROM calls_text t CROSS JOIN calls c ON c.id = t.rowid WHERE t.calls_text MATCH ?"
    found = {row[0] for row in db.conn.execute(sql, [_phrase(name)])}
    return found if among is None else found & set(among)


def _phrase(name: str) -> str:
    """Every word whole, in any order. Quoted, so that nothing in it is FTS5's language."""
    return " ".join('"' + word.replace('"', '""') + '"' for word in name.split() if any(map(str.isalnum, word)))
