"""One TOML file into Settings, or every problem it has at once.

Takes a path and the environment; gives frozen Settings, or raises ConfigError with all problems.
Rules: nothing is guessed, nothing is half loaded, and one wrong value does not hide the next: the checks
that read several options run on what is left when the broken ones are set aside.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from callwarden.config.checks import cross_checks
from callwarden.config.credentials import OPTIONAL, SECRETS, secrets_from
from callwarden.config.problems import ConfigError, Location, Problem, locations_of, path_of, problems_of
from callwarden.config.settings import Settings

Tables = dict[str, Any]


def load(path: Path | str, environ: Mapping[str, str] = os.environ, *, need_secrets: bool = False) -> Settings:
    """The settings in `path`. Raises ConfigError.

    `need_secrets`: whoever is to log in to Asterisk (`run`, `check`) cannot do so with an empty secret;
    whoever only reads the catalogue may not be allowed to read them.
    """
    path = Path(path)
    return settings_from(_read(path), environ, need_secrets=need_secrets, source=str(path))


def settings_from(
    text: str, environ: Mapping[str, str], *, need_secrets: bool = False, source: str = "the configuration"
) -> Settings:
    """The settings in a TOML text. Raises ConfigError."""
    tables = _with_secrets(_parse(text, source), secrets_from(environ))
    settings, broken, problems = _validated(tables)
    problems += cross_checks(settings, broken)
    problems += _missing_secrets(settings, broken) if need_secrets else []
    if problems:
        raise ConfigError(source, problems)
    return settings


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        problem = Problem(str(path), "", "there is no such file; `callwarden init` writes one")
    except UnicodeDecodeError as error:
        problem = Problem(f"byte {error.start + 1}", "", "the file must be saved as UTF-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        problem = Problem(str(path), "", f"the file cannot be read: {reason}")
    raise ConfigError(str(path), [problem])


def _parse(text: str, source: str) -> Tables:
    try:
        return tomllib.loads(text)
    except RecursionError:
        problem = Problem("the file", "", "brackets are nested too deeply to be read")
    except ValueError as error:  # TOMLDecodeError, and a number of thousands of digits
        problem = _syntax(str(error), text)
    raise ConfigError(source, [problem])


def _syntax(reason: str, text: str) -> Problem:
    """Where the TOML is wrong. The line itself is not shown: it may hold a secret."""
    found = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", reason)
    message = reason[: found.start()] if found else reason
    last = text.count("\n") + 1
    line, column = (found[1], found[2]) if found and found[1] else (last, None)
    where = f"line {line}, column {column}" if column else f"line {line}"
    return Problem(where, "", f"this is not TOML: {message[:1].lower()}{message[1:]}")


def _with_secrets(tables: Tables, secrets: Mapping[tuple[str, str], str]) -> Tables:
    merged = dict(tables)
    for (section, option), secret in secrets.items():
        if isinstance(merged.get(section, {}), dict):
            merged[section] = {**merged.get(section, {}), option: secret}
    return merged


def _validated(tables: Tables) -> tuple[Settings, frozenset[str], list[Problem]]:
    """The settings, the options that were set aside as broken, and why."""
    try:
        return Settings.model_validate(tables), frozenset(), []
    except ValidationError as error:
        locations = locations_of(error)
        settings = Settings.model_validate(_without(tables, locations))
        return settings, frozenset(path_of(location[:2]) for location in locations), problems_of(error)


def _without(tables: Tables, locations: list[Location]) -> Tables:
    """The tables less each broken option (a whole list for one broken entry), so that defaults stand in."""
    left = {name: dict(table) if isinstance(table, dict) else table for name, table in tables.items()}
    for location in locations:
        if len(location) == 1:
            left.pop(str(location[0]), None)
        elif isinstance(section := left.get(str(location[0])), dict):
            section.pop(location[1], None)
        elif isinstance(section, list):
            left.pop(str(location[0]))
    return left


def _missing_secrets(settings: Settings, broken: frozenset[str]) -> list[Problem]:
    return [
        Problem(
            f"{section}.{option}",
            "",
            "this secret is needed to log in to Asterisk; write it here, or give it as the environment"
            f" variable {variable} or the systemd credential {credential}",
        )
        for (section, option), (variable, credential) in SECRETS.items()
        if (section, option) not in OPTIONAL
        and not getattr(getattr(settings, section), option).get_secret_value()
        and not {section, f"{section}.{option}"} & broken
    ]
