"""Settings written out as a commented file: the sample in config/, and what `callwarden init` writes.

Takes settings, gives TOML text in which every option stands with its reason; the reasons are read from
settings.py, so there is one place to write them. Lists of tables that are empty are shown as an example
to uncomment: an example line starts with # and no space.
"""

import json
import textwrap
from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from callwarden.config.people import Person
from callwarden.config.reasons import reasons
from callwarden.config.retention import RetentionRule
from callwarden.config.section import Section
from callwarden.config.settings import CardLine, Did, Settings
from callwarden.core.period import Period

WIDTH = 100
EMPTY = "empty"

HEADER = """\
# Callwarden's configuration. Every option stands here with its reason; what is not written has the
# value that is shown here. `callwarden check` tells what is wrong, all of it at once.
# It is read again when the daemon gets SIGHUP (`systemctl reload callwarden`).
"""

EXAMPLES: dict[str, Section] = {
    "announce.did": Did(number="02079460001"),
    "card.line": CardLine(name="payments", extension="700", endpoint="PJSIP/700"),
    "person": Person(name="Jas Larh", user="jas", roles=("director", "dpo")),
    "retention.rule": RetentionRule(name="internal", keep=Period(1, "month"), direction="internal"),
}


def sample(settings: Settings | None = None) -> str:
    """The text of a configuration file with these settings; without, the defaults."""
    settings = settings or Settings()
    lists = _lists_of_tables(settings)
    sections = [_section(name, getattr(settings, name)) for name in Settings.model_fields if name not in lists]
    sections += ["\n".join([*_tables(name, getattr(settings, name))[1:], ""]) for name in lists]
    return "\n".join([HEADER, *sections])


def _section(name: str, section: Section) -> str:
    lines = [*_comment(type(section).__doc__ or ""), f"[{name}]", *_options(section)]
    for option in _lists_of_tables(section):
        lines += _tables(f"{name}.{option}", getattr(section, option))
    return "\n".join([*lines, ""])


def _tables(path: str, tables: tuple[Section, ...]) -> list[str]:
    if tables:
        return [line for table in tables for line in ["", f"[[{path}]]", *_options(table)]]
    example = EXAMPLES[path]
    lines = [f"[[{path}]]", *_options(example)]
    hidden = [line if line.startswith("#") else f"#{line}" for line in lines]
    return ["", *_comment(type(example).__doc__ or ""), *hidden]


def _options(section: Section) -> list[str]:
    lists, why = _lists_of_tables(section), reasons(type(section))
    fields = {name: field for name, field in type(section).model_fields.items() if name not in lists}
    told = (_option(name, field, why.get(name, ""), getattr(section, name)) for name, field in fields.items())
    return [line for option in told for line in option]


def _option(name: str, field: FieldInfo, why: str, value: object) -> list[str]:
    return [*_comment(f"{why} {_choices(field)}"), f"{name} = {_toml(value)}"]


def _choices(field: FieldInfo) -> str:
    if get_origin(field.annotation) is not Literal:
        return ""
    return f"({' | '.join(each or EMPTY for each in get_args(field.annotation))})"


def _comment(text: str) -> list[str]:
    words = " ".join(text.split())
    return textwrap.wrap(
        words,
        WIDTH,
        initial_indent="# ",
        subsequent_indent="# ",
        break_on_hyphens=False,
        break_long_words=False,
    )


def _lists_of_tables(section: Section) -> list[str]:
    named = [name for name in type(section).model_fields if name in ("did", "line", "rule", "person")]
    return [name for name in named if isinstance(getattr(section, name), tuple)]


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(each) for each in value)}]"
    return _quoted(value)


def _quoted(value: object) -> str:
    """A basic string; JSON's rules are TOML's, but for DEL."""
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if not isinstance(value, str | Path | Period):
        raise TypeError(f"{type(value).__name__} cannot be written as TOML")
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
