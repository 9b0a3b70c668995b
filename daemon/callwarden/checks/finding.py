"""What `callwarden check` says of one thing: how bad, what it is about, one sentence, and what to do."""

import os
import re
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """A ``problem`` breaks a promise; a ``warning`` may; the rest is ``ok``."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """``advice`` says what to do; empty where nothing is to be done."""

    level: Level
    about: str
    text: str
    advice: str = ""


def ok(about: str, text: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, about, text)


def warning(about: str, text: str, advice: str) -> Finding:
    """Worth a second look."""
    return Finding(Level.WARNING, about, text, advice)


def problem(about: str, text: str, advice: str) -> Finding:
    """Callwarden cannot keep its promises like this."""
    return Finding(Level.PROBLEM, about, text, advice)


def plain(why: str) -> str:
    """A system error's own words in place of Python's: `[Errno 111] Connect call failed (...)`."""
    number = re.search(r"\[Errno (-?\d+)\]", why)
    return os.strerror(int(number[1])).lower() if number and int(number[1]) > 0 else why
