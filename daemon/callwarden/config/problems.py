"""What is wrong with a configuration, in sentences an admin can act on.

Takes pydantic's errors and the tables they came from, gives Problems: where (`card.line[0].extension`),
what was written, what is wrong with it, and what was probably meant.
Rules: the value of a secret, or of anything that might be one, is never part of a Problem.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from callwarden.config.settings import Settings

Location = tuple[int | str, ...]

SHOWN = 60
"""Characters of a value that are shown; more only hides the sentence."""

_WANTED = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "finite": "a number",
    "string": "text in quotes",
    "tuple": "a list in square brackets",
    "model": "a table of options",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `value` is as it was written, shortened; empty when it is not to be shown."""

    path: str
    value: str
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        where = f"{self.path} = {self.value}" if self.value else self.path
        meant = f' Did you mean "{self.suggestion}"?' if self.suggestion else ""
        return f"{where}: {self.message}.{meant}"


class ConfigError(Exception):
    """The configuration cannot be used: all its problems at once."""

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        self.source = source
        self.problems = list(problems)
        count = "one problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__("\n".join([f"{source} has {count}:", *(f"  {problem}" for problem in self.problems)]))


def problems_of(error: ValidationError) -> list[Problem]:
    """Every error that pydantic found, as a Problem."""
    return [_problem(details) for details in error.errors(include_url=False)]


def locations_of(error: ValidationError) -> list[Location]:
    """Where the errors are."""
    return [details["loc"] for details in error.errors(include_url=False, include_context=False)]


def path_of(location: Location) -> str:
    """`("card", "line", 0, "extension")` as `card.line[0].extension`."""
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{_key(step)}" if text else _key(step)
    return text


def closest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, or nothing."""
    known = list(known)
    folded = {each.lower().replace("-", "_"): each for each in known}
    found = difflib.get_close_matches(word.lower().replace("-", "_"), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else ""


def _key(step: str) -> str:
    plain = step.replace("-", "_").isidentifier() and step.isascii() and len(step) <= SHOWN
    return step if plain else _shown(step)


def _problem(details: ErrorDetails) -> Problem:
    location, kind = details["loc"], details["type"]
    path = path_of(location)
    if kind == "extra_forbidden":
        return _unknown(location)
    if kind == "missing":
        return Problem(path, "", "this option is needed and has no default")
    value = "" if _may_hold_a_secret(location, details["input"]) else _shown(details["input"])
    reason = details.get("ctx", {}).get("error")
    if isinstance(reason, ValueError):
        return Problem(path, value, str(reason), getattr(reason, "suggestion", ""))
    if kind == "literal_error":
        return _unknown_choice(location, value, details["input"])
    return Problem(path, value, _sentence(kind, details))


def _unknown(location: Location) -> Problem:
    """An option that does not exist; its value is not shown, for it may be a misspelt secret."""
    key = str(location[-1])
    section = _model_at(location[:-1])
    what = "option" if len(location) > 1 else "section"
    message = f"there is no such {what}"
    here = closest(key, section.model_fields)
    elsewhere = "" if here else _section_with(key)
    if elsewhere:
        message += f"; it belongs to [{elsewhere}]"
    return Problem(path_of(location), "", message, here)


def _unknown_choice(location: Location, value: str, given: object) -> Problem:
    choices = [str(choice) for choice in get_args(_field_at(location).annotation)]
    message = f"this must be one of {', '.join(choices)}"
    return Problem(path_of(location), value, message, closest(str(given), choices))


def _sentence(kind: str, details: ErrorDetails) -> str:
    limits: Mapping[str, Any] = details.get("ctx", {})
    if kind == "greater_than_equal":
        return f"this must be {limits['ge']:g} or more"
    if kind == "less_than_equal":
        return f"this must be {limits['le']:g} or less"
    wanted = _WANTED.get(kind.split("_")[0])
    return f"this must be {wanted}" if wanted else details["msg"].lower()


def _may_hold_a_secret(location: Location, value: object) -> bool:
    """True for secrets, a URL with a password, and whatever stands where a section of options should be."""
    if len(location) < 2 or isinstance(value, dict | list):
        return True
    if location[-1] == "url" and "@" in str(value):
        return True
    field = _model_at(location[:-1]).model_fields.get(str(location[-1]))
    return field is not None and field.annotation is SecretStr


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value) if isinstance(value, str) else str(value)
    if isinstance(value, str):
        text = '"' + text[1:-1] + '"'
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _field_at(location: Location) -> FieldInfo:
    return _model_at(location[:-1]).model_fields[str(location[-1])]


def _model_at(location: Location) -> type[BaseModel]:
    """The section that holds the option at `location`; lists of tables are looked through."""
    model: type[BaseModel] = Settings
    for step in location:
        field = model.model_fields.get(step) if isinstance(step, str) else None
        if field is not None:
            model = next(iter(_models_in(field.annotation)), model)
    return model


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]


def _section_with(key: str) -> str:
    return next((name for name in Settings.model_fields if key in _model_at((name,)).model_fields), "")
