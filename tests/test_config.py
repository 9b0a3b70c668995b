"""The configuration as an admin meets it: what is written, and the sentence that comes out."""

import os
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from callwarden.config import ConfigError, Period, Settings, doubts, load, sample, settings_from
from callwarden.config.people import Person
from callwarden.config.reasons import reasons
from callwarden.config.retention import RetentionRule
from callwarden.config.section import Section
from callwarden.config.settings import CardLine, Did

SAMPLE = Path(__file__).parent.parent / "config" / "callwarden.toml"
NOWHERE: Mapping[str, str] = {"CREDENTIALS_DIRECTORY": "/nonexistent"}


def said(text: str, *, need_secrets: bool = False) -> list[str]:
    """The sentences that come out of a configuration."""
    with pytest.raises(ConfigError) as caught:
        settings_from(text, NOWHERE, need_secrets=need_secrets)
    return [str(problem) for problem in caught.value.problems]


LINE = '[[card.line]]\nname = "pay"\nextension = "700"\n'

BAD = [
    # what is written, what is said
    ("[amii]", 'amii: there is no such section. Did you mean "ami"?'),
    ("bogus = 1", "bogus: there is no such section."),
    ('keep = "1 year"', "keep: there is no such section; it belongs to [retention]."),
    ("[ami]\nprot = 5038", 'ami.prot: there is no such option. Did you mean "port"?'),
    ('[ari]\nkeep = "1 year"', "ari.keep: there is no such option; it belongs to [retention]."),
    ('[recording]\n"a b" = 1', 'recording."a b": there is no such option.'),
    ("ami = 3", "ami: this must be a table of options."),
    ("[[ami]]\nport = 1", "ami: this must be a table of options."),
    ('[ami]\nport = "5038"', 'ami.port = "5038": this must be a whole number.'),
    ("[ami]\nport = 70000", "ami.port = 70000: this must be 65535 or less."),
    ("[agi]\nport = 0", "agi.port = 0: this must be 1 or more."),
    ("[ami]\nport = true", "ami.port = true: this must be a whole number."),
    ("[ami]\nhost = 127", "ami.host = 127: this must be text in quotes."),
    ('[ami]\nhost = "a b"', 'ami.host = "a b": this must be a host name or an IP address.'),
    (
        '[ami]\nusername = "x]\\n[y"',
        'ami.username = "x]\\n[y": a user name has letters, digits and _ . - only.',
    ),
    (
        '[ari]\nurl = "127.0.0.1:8088"',
        'ari.url = "127.0.0.1:8088": this must be the address of Asterisk\'s HTTP server, such as'
        " http://127.0.0.1:8088.",
    ),
    (
        '[ari]\nurl = "http://127.0.0.1:8088/ari/"',
        'ari.url = "http://127.0.0.1:8088/ari/": leave /ari out of the URL; Callwarden adds it.'
        ' Did you mean "http://127.0.0.1:8088"?',
    ),
    (
        '[agi]\nlisten = "localhost"',
        'agi.listen = "localhost": this must be an IP address, such as 127.0.0.1. Did you mean "127.0.0.1"?',
    ),
    (
        '[agi]\nlisten = "0.0.0.0"',
        'agi.listen = "0.0.0.0": listening beyond this machine needs the address of Asterisk in agi.allow.',
    ),
    (
        '[agi]\nlisten = "0.0.0.0"\nallow = ["0.0.0.0/0"]',
        'agi.allow[0] = "0.0.0.0/0": this would let every address in; name the addresses Asterisk connects from.',
    ),
    (
        "[agi]\nallow = []",
        "agi.allow = []: nobody could connect; name the address Asterisk connects from.",
    ),
    (
        '[agi]\nallow = ["asterisk"]',
        'agi.allow[0] = "asterisk": this must be an IP address or a network, such as 10.0.0.5 or 10.0.0.0/24.',
    ),
    ('[agi]\nallow = "127.0.0.1"', 'agi.allow = "127.0.0.1": this must be a list in square brackets.'),
    ('[spool]\npath = "spool"', 'spool.path = "spool": this must be a full path, starting with /.'),
    ('[spool]\npath = "/a/../b"', 'spool.path = "/a/../b": this must be a path that does not go up (..).'),
    ("[spool]\npath = 3", "spool.path = 3: this must be a path in quotes."),
    (
        '[spool]\npath = "/var/spool/a,b"',
        'spool.path = "/var/spool/a,b": Asterisk takes a path of letters, digits and . _ / - only; a comma would'
        " be an order to it.",
    ),
    (
        '[spool]\nasterisk_path = "/a b"',
        'spool.asterisk_path = "/a b": this must be a full path of letters, digits and . _ / - only.',
    ),
    (
        '[vault]\npath = "/var/spool/asterisk/callwarden"',
        'vault.path = "/var/spool/asterisk/callwarden": this is inside the spool, where Asterisk could read and'
        " change finished recordings.",
    ),
    (
        '[spool]\npath = "/var/lib/callwarden/vault/spool"',
        'spool.path = "/var/lib/callwarden/vault/spool": this is inside the vault, which Asterisk must not enter.',
    ),
    (
        '[catalogue]\npath = "/var/spool/asterisk/callwarden/c.sqlite"',
        'catalogue.path = "/var/spool/asterisk/callwarden/c.sqlite": this is inside the spool, where Asterisk could'
        " change the catalogue.",
    ),
    (
        '[release]\npath = "/var/spool/asterisk/callwarden/r"',
        'release.path = "/var/spool/asterisk/callwarden/r": this is inside the spool, where Asterisk could read what'
        " is handed to people.",
    ),
    (
        '[release]\npath = "/var/lib/callwarden"',
        'release.path = "/var/lib/callwarden": what is built here is removed in time; keep the vault elsewhere.',
    ),
    (
        '[catalogue]\npath = "/var/lib/callwarden/vault"',
        'catalogue.path = "/var/lib/callwarden/vault": this is the vault; the catalogue is a file.',
    ),
    (
        f'[control]\nsocket = "/run/{"x" * 110}"',
        f'control.socket = "/run/{"x" * 53}…: the path of a socket may have at most 107 bytes.',
    ),
    ('[control]\ngroup = "a b"', 'control.group = "a b": a group name has letters, digits and _ . - only.'),
    (
        '[recording]\nscope = "one_per_call"',
        'recording.scope = "one_per_call": this must be one of each-channel, one-per-call.'
        ' Did you mean "one-per-call"?',
    ),
    (
        '[recording]\nformat = "WAV49"',
        'recording.format = "WAV49": this must be one of wav, wav49. Did you mean "wav49"?',
    ),
    ('[recording]\nformat = "mp3"', 'recording.format = "mp3": this must be one of wav, wav49.'),
    ("[recording]\nbeep_every = 2", "recording.beep_every = 2: this must be 0 (no beep) or 5 to 300 seconds."),
    ('[recording]\nkeep_unanswered = "no"', 'recording.keep_unanswered = "no": this must be true or false.'),
    (
        '[recording]\nexempt_endpoints = ["PJSIP/1", "PJSIP/2,x"]',
        'recording.exempt_endpoints[1] = "PJSIP/2,x": this must be an endpoint as Asterisk names it, such as'
        " PJSIP/202.",
    ),
    (
        '[calls]\ncountry = "UK"',
        'calls.country = "UK": this must be a country by its two capital letters, such as GB or DE. Did you mean "GB"?',
    ),
    (
        '[calls]\ncountry = "Britain"',
        'calls.country = "Britain": this must be a country by its two capital letters, such as GB or DE.',
    ),
    ('[announce]\nlanguage = "../en"', 'announce.language = "../en": this must be a language such as en or en_GB.'),
    (
        '[announce]\nsounds = "../x"',
        'announce.sounds = "../x": this must be a folder below Asterisk\'s sounds, of letters, digits and _ - / only.',
    ),
    (
        '[announce]\noutbound = "whispr"',
        'announce.outbound = "whispr": this must be one of before-connect, whisper, off. Did you mean "whisper"?',
    ),
    ("[[announce.did]]\nlanguage = 'en'", "announce.did[0].number: this option is needed and has no default."),
    (
        '[[announce.did]]\nnumber = "020 7946"\n[[announce.did]]\nnumber = "0207946"',
        'announce.did[0].number = "020 7946": this number has two announcements.',
    ),
    ("[card]\ngate_timeout = 0", "card.gate_timeout = 0: this must be 0.05 or more."),
    ("[card]\ngate_timeout = nan", "card.gate_timeout = nan: this must be a number."),
    ("[card]\nsettle = inf", "card.settle = inf: this must be a number."),
    ('[[card.line]]\nextension = "700"', "card.line[0].name: this option is needed and has no default."),
    ('[[card.line]]\nname = "pay"', "card.line[0].extension: this option is needed and has no default."),
    (
        '[[card.line]]\nname = "pay"\nextension = "70 0"',
        'card.line[0].extension = "70 0": an extension has letters, digits and * # + _ . - only.',
    ),
    (
        LINE + 'endpoint = "PJSIP/700"\nnumber = "0900"',
        'card.line[0].number = "0900": a card line is either a phone (endpoint) or an outside number; leave one of'
        " the two out.",
    ),
    (
        LINE + 'endpoint = "PJSIP/trunk"\n[calls]\ntrunks = ["trunk"]',
        'card.line[0].endpoint = "PJSIP/trunk": this is a trunk, and no call on it would be recorded; name the'
        " outside number instead.",
    ),
    (
        '[card]\ndivert_to = "70"\n' + LINE,
        'card.divert_to = "70": no [[card.line]] has this extension. Did you mean "700"?',
    ),
    ('[card]\ndivert_to = "700"', 'card.divert_to = "700": no [[card.line]] has this extension.'),
    (
        LINE + LINE.replace("pay", "other"),
        'card.line[0].extension = "700": two card lines have this extension.',
    ),
    (LINE + LINE.replace("700", "701"), 'card.line[0].name = "pay": two card lines have this name.'),
    (
        "[retention]\nkeep = 180",
        "retention.keep = 180: this must be a period in quotes, such as '6 months'. Did you mean \"180 days\"?",
    ),
    (
        '[retention]\nkeep = "for ever"',
        "retention.keep = \"for ever\": a period is a number and days, weeks, months or years, such as '6 months' or"
        " '180 days'.",
    ),
    (
        '[retention]\nkeep = "0 days"',
        "retention.keep = \"0 days\": a period is at least 1 day and at most 100 years, such as '6 months' or"
        " '180 days'.",
    ),
    (
        '[purge]\nschedule = "30 2 * *"',
        'purge.schedule = "30 2 * *": a schedule has five fields: minute, hour, day, month, day of the week, such as'
        " '30 2 * * *'.",
    ),
    (
        '[purge]\nschedule = "30 25 * * *"',
        "purge.schedule = \"30 25 * * *\": this is not a schedule: '25': the last value"
        " (25) is higher than the maximum value (23).",
    ),
    (
        '[purge]\nschedule = "30 2 * * 0"',
        'purge.schedule = "30 2 * * 0": name the days of the week (mon to sun), numbers mean different days to'
        " different programs.",
    ),
    ('[purge]\nschedule = "30 2 30 2 *"', 'purge.schedule = "30 2 30 2 *": no such day ever comes.'),
    (
        "[log]\nlevel = 'warn'",
        'log.level = "warn": this must be one of debug, info, warning, error. Did you mean "warning"?',
    ),
    ("[log]\nlevel = 2024-01-01", "log.level = 2024-01-01: this must be one of debug, info, warning, error."),
    ("[ami]\nport 5038", "line 2, column 6: this is not TOML: expected '=' after a key in a key/value pair."),
    ("[log]\n[log]", "line 2, column 5: this is not TOML: cannot declare ('log',) twice."),
    ("[ami", "line 1: this is not TOML: expected ']' at the end of a table declaration."),
    (f"x = {'[' * 5000}", "the file: brackets are nested too deeply to be read."),
]


@pytest.mark.parametrize(("written", "sentence"), BAD, ids=[written[:40] for written, _ in BAD])
def test_what_is_wrong_is_said_in_a_sentence(written: str, sentence: str) -> None:
    assert said(written)[0] == sentence


def test_every_problem_comes_out_at_once() -> None:
    sentences = said(
        """
        [ami]
        port = "5038"
        [agi]
        listen = "0.0.0.0"
        [recording]
        format = "wav94"
        [spool]
        path = "/var/lib/callwarden/vault"
        [[card.line]]
        name = "pay"
        """,
        need_secrets=True,
    )
    assert [sentence.partition(":")[0].partition(" ")[0] for sentence in sentences] == [
        "ami.port",
        "recording.format",
        "card.line[0].extension",
        "agi.listen",
        "vault.path",
        "ami.secret",
        "ari.password",
    ]


def test_a_default_that_stands_in_for_a_broken_value_is_not_complained_about() -> None:
    assert said('[agi]\nlisten = "0.0.0.0"\nallow = ["asterisk"]') == [
        'agi.allow[0] = "asterisk": this must be an IP address or a network, such as 10.0.0.5 or 10.0.0.0/24.'
    ]


def test_the_error_names_the_file_and_counts_its_problems(tmp_path: Path) -> None:
    path = tmp_path / "callwarden.toml"
    path.write_text("[ami]\nprot = 1\n[log]\nlevel = 'loud'\n")
    with pytest.raises(ConfigError) as caught:
        load(path, NOWHERE)
    assert str(caught.value).splitlines()[0] == f"{path} has 2 problems:"
    assert caught.value.problems[0].path == "ami.prot"
    assert caught.value.problems[0].suggestion == "port"
    assert caught.value.problems[1].value == '"loud"'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "there is no such file; `callwarden init` writes one"),
        (b"\xff\xfe", "byte 1: the file must be saved as UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    path = tmp_path / "callwarden.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=sentence):
        load(path, NOWHERE)


def test_a_directory_in_place_of_the_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the file cannot be read: Is a directory"):
        load(tmp_path, NOWHERE)


def test_a_file_saved_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "callwarden.toml"
    path.write_bytes(b"\xef\xbb\xbf[log]\nlevel = 'debug'\n")
    assert load(path, NOWHERE).log.level == "debug"


# --- secrets -----------------------------------------------------------------------------------------------


def test_the_environment_wins_over_the_credential_and_the_credential_over_the_file(tmp_path: Path) -> None:
    text = '[ami]\nsecret = "file"\n[ari]\npassword = "file"\n'
    (tmp_path / "ami-secret").write_text("credential\n")
    credentials = {"CREDENTIALS_DIRECTORY": str(tmp_path)}

    def secrets(environ: Mapping[str, str]) -> tuple[str, str]:
        settings = settings_from(text, environ, need_secrets=True)
        return settings.ami.secret.get_secret_value(), settings.ari.password.get_secret_value()

    assert secrets(NOWHERE) == ("file", "file")
    assert secrets(credentials) == ("credential", "file")
    assert secrets({**credentials, "CALLWARDEN_AMI_SECRET": "environment"}) == ("environment", "file")
    (tmp_path / "ari-password").write_text("credential")
    assert secrets(credentials) == ("credential", "credential")
    assert secrets({**credentials, "CALLWARDEN_ARI_PASSWORD": "environment"}) == ("credential", "environment")


def test_a_secret_from_outside_needs_no_section_in_the_file() -> None:
    settings = settings_from("", {**NOWHERE, "CALLWARDEN_AMI_SECRET": "x", "CALLWARDEN_ARI_PASSWORD": "y"})
    assert settings.ami.secret.get_secret_value() == "x"
    assert settings.ari.password.get_secret_value() == "y"


def test_a_missing_secret_is_a_problem_only_for_those_who_log_in() -> None:
    assert settings_from("", NOWHERE).ami.secret.get_secret_value() == ""
    assert said("", need_secrets=True)[0] == (
        "ami.secret: this secret is needed to log in to Asterisk; write it here, or give it as the environment"
        " variable CALLWARDEN_AMI_SECRET or the systemd credential ami-secret."
    )


@pytest.mark.parametrize(
    "text",
    [
        '[ami]\nsecret = "hunter2\\nAction: Command"',
        "[ami]\nsecret = ['hunter2']",
        '[ami]\nsecert = "hunter2"',
        "ami = 'hunter2'",
        "[[ami]]\nsecret = 'hunter2'",
        "[ami]\nsecret = 'hunter2",
        "[ami]\nsecret = hunter2",
        '[ari]\nurl = "http://callwarden:hunter2@127.0.0.1:8088"',
        '[ari]\npassword = "hunter2"\nurl = 3',
        '[log]\npassword = "hunter2"',
        'hunter = "hunter2"',
        '[ari]\npassword = "hunter2 "',
    ],
)
def test_no_secret_is_ever_shown(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings_from(text, NOWHERE)
    assert "hunter2" not in f"{caught.value}{caught.value.problems!r}"


def test_settings_do_not_show_their_secrets() -> None:
    settings = settings_from('[ami]\nsecret = "hunter2"', NOWHERE)
    assert "hunter2" not in f"{settings!r}{settings}{settings.model_dump_json()}"


# --- warnings ----------------------------------------------------------------------------------------------


def _warned(path: Path, text: str, mode: int) -> list[str]:
    path.write_text(text)
    path.chmod(mode)
    return [problem.path for problem in doubts(load(path, NOWHERE), path)]


NAMED = '[calls]\ntrunks = ["PJSIP/trunk"]\n'


def test_a_secret_that_everybody_can_read_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "callwarden.toml"
    assert _warned(path, NAMED + '[ami]\nsecret = "x"\n', 0o644) == ["ami.secret"]
    assert _warned(path, NAMED + '[ami]\nsecret = "x"\n', 0o640) == []
    assert _warned(path, NAMED + '[ami]\nsecret = ""\n[log]\n', 0o644) == []


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("", []),
        ('[ami]\nhost = "10.0.0.2"\n[ari]\nurl = "http://10.0.0.2:8088"', ["ami.host", "ari.url"]),
        ('[ami]\nhost = "localhost"\n[ari]\nurl = "https://pbx.example:8089"', []),
        ('[ari]\nurl = "http://[::1]:8088"', []),
        ('[announce]\ninbound = "off"\noutbound = "off"', ["announce.inbound", "announce.outbound"]),
    ],
)
def test_what_is_allowed_and_doubtful_is_a_warning(text: str, options: list[str]) -> None:
    assert [problem.path for problem in doubts(settings_from(NAMED + text, NOWHERE))] == options


def test_trunks_without_a_name_are_a_warning() -> None:
    assert [problem.path for problem in doubts(settings_from("", NOWHERE))] == ["calls.trunks"]


# --- the sample --------------------------------------------------------------------------------------------


def _sections() -> list[tuple[str, Section]]:
    defaults = Settings()
    fields = ((name, getattr(defaults, name)) for name in Settings.model_fields)
    return [(name, section) for name, section in fields if isinstance(section, Section)]


def test_the_sample_is_loaded_and_equals_the_defaults() -> None:
    assert load(SAMPLE, NOWHERE) == Settings()


def test_the_sample_shows_every_option() -> None:
    tables = tomllib.loads(SAMPLE.read_text())
    for name, section in _sections():
        assert set(tables[name]) == set(type(section).model_fields) - {"did", "line", "rule"}, name


def test_every_option_has_a_reason() -> None:
    models: list[type[Section]] = [*(type(section) for _, section in _sections()), Did, CardLine, RetentionRule, Person]
    for model in models:
        assert model.__doc__, model
        why = reasons(model)
        for name in model.model_fields:
            assert why.get(name) or name in ("did", "line", "rule"), f"{model.__name__}.{name}"


def test_the_sample_in_config_is_the_one_that_init_writes() -> None:
    assert SAMPLE.read_text() == sample()


def test_the_examples_in_the_sample_work_when_they_are_uncommented() -> None:
    text = "".join(
        line.removeprefix("#") if line.startswith("#") and not line.startswith("# ") else line
        for line in SAMPLE.read_text().splitlines(keepends=True)
    )
    settings = settings_from(text, NOWHERE)
    assert settings.announce.did == (Did(number="02079460001"),)
    assert settings.card.line == (CardLine(name="payments", extension="700", endpoint="PJSIP/700"),)


FULL = """
[ami]
host = "pbx.example"
secret = 'quo"te \\ ; # '
[agi]
listen = "::"
allow = ["10.0.0.5", "10.1.0.0/16"]
[vault]
path = "/srv/a b/\x7fé"
[calls]
trunks = ["PJSIP/trunk", "second"]
[announce]
did = [{ number = "020 7946 0001", language = "cy_GB", prompt = "out-of-hours" }]
[card]
gate_timeout = 2
line = [
  { name = "a b", extension = "*700", endpoint = "IAX2/pay" },
  { name = "c", extension = "701", number = "+44 900" },
]
[retention]
keep = "1 YEAR"
[purge]
schedule = "0 3 * * sun"
"""


def test_settings_that_are_written_out_are_read_back_the_same() -> None:
    settings = settings_from(FULL.replace("\x7f", "").replace("# '", "#'"), NOWHERE)
    assert settings.card.gate_timeout == 2.0
    assert settings.retention.keep == Period(1, "year")
    assert settings_from(sample(settings), NOWHERE) == settings


def test_init_writes_the_secrets_it_is_given() -> None:
    defaults = Settings()
    settings = defaults.model_copy(update={"ami": defaults.ami.model_copy(update={"secret": SecretStr("s3cret")})})
    assert 'secret = "s3cret"' in sample(settings)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().log.level = "debug"


# --- anything at all ---------------------------------------------------------------------------------------

_OPTIONS = sorted({option for _, section in _sections() for option in type(section).model_fields})
_KEYS = st.sampled_from([*Settings.model_fields, *_OPTIONS, "name", "extension", "number"]) | st.text(max_size=8)
_SCALARS = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.sampled_from(["PJSIP/1", "700", "off", "6 months", "127.0.0.1", "::1", "/a/b", "0 0 * * *", "http://a"])
    | st.dates(date(1, 1, 1))
    | st.datetimes(datetime(1, 1, 1))
    | st.times(time(0))
)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4), max_leaves=8
)
_TABLES = st.dictionaries(_KEYS, st.dictionaries(_KEYS, _VALUES, max_size=5) | _VALUES, max_size=6)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(str(key))} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(character):08X}" for character in value) + '"'
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _as_toml(tables: Mapping[str, Any]) -> str:
    return "".join(f"{_toml(key)} = {_toml(value)}\n" for key, value in tables.items())


@given(_TABLES)
@hypothesis_settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_table_is_either_settings_or_a_list_of_sentences(tables: dict[str, Any]) -> None:
    try:
        settings = settings_from(_as_toml(tables), NOWHERE, need_secrets=True)
    except ConfigError as error:
        assert error.problems
        assert all(problem.message and problem.path for problem in error.problems)
    else:
        assert settings_from(sample(settings), NOWHERE) == settings


@given(st.text(max_size=200))
@hypothesis_settings(max_examples=200, deadline=None)
def test_any_text_is_either_settings_or_a_list_of_sentences(text: str) -> None:
    try:
        settings_from(text, NOWHERE)
    except ConfigError as error:
        assert error.problems


def test_the_surroundings_are_the_default() -> None:
    assert load(SAMPLE).ami.secret.get_secret_value() == os.environ.get("CALLWARDEN_AMI_SECRET", "")
