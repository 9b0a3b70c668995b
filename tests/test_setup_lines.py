import configparser
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from callwarden.asterisk.translate import HANDLERS
from callwarden.config import Settings, settings_from
from callwarden.setup_lines import EVENTS, HERE, Addition, event_filter, setup_lines

SNIPPETS = Path(__file__).parent.parent / "config" / "asterisk"
DIALPLAN = SNIPPETS.parent.parent / "dialplan"
NOWHERE: Mapping[str, str] = {"CREDENTIALS_DIRECTORY": "/nonexistent"}


def lines_for(text: str = "") -> dict[str, Addition]:
    """What is printed, by the name of FreePBX's file without its ending."""
    return {
        addition.freepbx.removesuffix("_custom.conf"): addition
        for addition in setup_lines(settings_from(text, NOWHERE))
    }


def options(addition: Addition) -> list[tuple[str, str]]:
    """The lines that are no comment, as Asterisk reads them."""
    plain = [re.split(r"(?<!\\);", line)[0].replace("\\;", ";").strip() for line in addition.lines]
    return [(name.strip(), value.strip()) for name, _, value in (line.partition("=") for line in plain) if value]


def test_every_file_is_named_as_asterisk_and_as_freepbx_have_it() -> None:
    assert [(addition.file, addition.freepbx) for addition in setup_lines(Settings())] == [
        ("manager.conf", "manager_custom.conf"),
        ("http.conf", "http_custom.conf"),
        ("ari.conf", "ari_additional_custom.conf"),
        ("features.conf", "features_applicationmap_custom.conf"),
        ("extensions.conf", "globals_custom.conf"),
        ("extensions.conf", "extensions_custom.conf"),
    ]


def test_the_snippets_in_config_are_the_ones_that_init_prints() -> None:
    printed: dict[str, str] = {}
    for addition in setup_lines(Settings()):
        assert str(addition).startswith(f"; {addition.file} (FreePBX: {addition.freepbx})\n")
        printed[addition.file] = printed.get(addition.file, "") + str(addition)
    assert printed == {path.name: path.read_text() for path in SNIPPETS.iterdir()}


def test_the_manager_user_has_the_classes_it_needs_and_no_other() -> None:
    manager = dict(options(lines_for()["manager"]))
    assert manager["read"] == "call,system"
    assert manager["write"] == "call,reporting,system"


def test_only_this_machine_may_log_in_over_either_internet_protocol() -> None:
    access = [each for each in options(lines_for()["manager"]) if each[0] in ("deny", "permit")]
    assert access == [
        ("deny", "0.0.0.0/0.0.0.0"),
        ("deny", "::/0"),
        ("permit", "127.0.0.1/255.255.255.255"),
        ("permit", "::1/128"),
    ]


def test_an_asterisk_on_another_machine_is_told_to_permit_callwardens_address() -> None:
    lines = lines_for('[ami]\nhost = "10.0.0.2"')["manager"].lines
    assert "permit = 127.0.0.1/255.255.255.255" not in lines
    assert "; The address of the machine Callwarden runs on:" in lines


def test_exactly_the_events_that_are_understood_are_let_through() -> None:
    assert {event.lower() for event in EVENTS} == {*HANDLERS, "fullybooted"}


def _posix(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace("[[:cntrl:]]", r"[\x00-\x1f\x7f]"), re.DOTALL)


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_that_is_used_passes_the_filter(event: str) -> None:
    text = f"Event: {event}\r\nPrivilege: call,all\r\nChannel: PJSIP/202-00000001\r\nChannelState: 6\r\n"
    assert _posix(event_filter()).search(text)


@pytest.mark.parametrize(
    "text",
    [
        "Event: VarSet\r\nValue: 4111\r\n",
        "Event: DTMFEnd\r\nDigit: 4\r\n",
        "Event: Newexten\r\n",
        "Event: HangupRequest\r\n",
        "Event: NewchannelX\r\n",
        "Event: Newstate\r\nPrivilege: call,all\r\nChannel: PJSIP/202-00000001\r\nChannelState: 5\r\n",
        "Event: VarSet\r\nCallerIDName: Event: Newchannel\r\n",
        "Event: VarSet\r\nValue: x\r\nEvent: Newchannel\r\n",
    ],
)
def test_no_other_event_passes_the_filter_whatever_a_caller_calls_himself(text: str) -> None:
    assert not _posix(event_filter()).search(text)


def test_the_filter_is_one_line_that_asterisk_reads_whole() -> None:
    assert re.fullmatch(r"[A-Za-z6^ :()|\[\].*]+", event_filter())
    assert len(event_filter()) < 1000


def test_secrets_are_written_so_that_asterisk_reads_them_whole() -> None:
    additions = lines_for("[ami]\nsecret = 'a;b \"c'\n[ari]\npassword = ';x'")
    assert dict(options(additions["manager"]))["secret"] == 'a;b "c'
    assert dict(options(additions["ari_additional"]))["password"] == ";x"


def test_where_there_is_no_secret_yet_one_is_asked_for() -> None:
    additions = lines_for()
    assert "secret = CHANGE-ME ; the same as [ami] secret in callwarden.toml" in additions["manager"].lines
    assert "password = CHANGE-ME ; the same as [ari] password in callwarden.toml" in additions["ari_additional"].lines


def test_the_users_are_named_as_configured() -> None:
    additions = lines_for('[ami]\nusername = "cw-ami"\n[ari]\nusername = "cw-ari"')
    assert "[cw-ami]" in additions["manager"].lines
    assert "[cw-ari]" in additions["ari_additional"].lines


@pytest.mark.parametrize(
    ("url", "lines"),
    [
        ("http://127.0.0.1:8088", ["bindaddr = 127.0.0.1", "bindport = 8088"]),
        ("http://localhost:80", ["bindaddr = 127.0.0.1", "bindport = 80"]),
        ("http://10.0.0.2", ["bindaddr = 10.0.0.2", "bindport = 80"]),
        ("http://pbx.example:8088/asterisk", ["bindaddr = 0.0.0.0", "bindport = 8088", "prefix = asterisk"]),
        ("https://10.0.0.2:8089", ["tlsenable = yes", "tlsbindaddr = 10.0.0.2:8089"]),
        ("https://[::1]", ["tlsenable = yes", "tlsbindaddr = [::1]:443"]),
    ],
)
def test_the_http_server_listens_where_callwarden_looks_for_it(url: str, lines: list[str]) -> None:
    written = lines_for(f'[ari]\nurl = "{url}"')["http"].lines
    assert set(lines) <= set(written)
    assert any(line.startswith("tls") for line in written) == url.startswith("https")


def test_only_the_one_who_presses_gets_the_feature() -> None:
    assert options(lines_for()["features_applicationmap"]) == [
        ("callwarden-card", '> *7,self/both,Gosub,"callwarden-divert,s,1"'),
        ("callwarden-suspend", '> *8,self/both,Gosub,"callwarden-suspend,s,1"'),
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ["127.0.0.1:4573", "/var/spool/asterisk/callwarden", "callwarden/en"]),
        ('[agi]\nlisten = "::1"\nport = 4574', ["[::1]:4574", "/var/spool/asterisk/callwarden", "callwarden/en"]),
        (
            '[agi]\nlisten = "0.0.0.0"\nallow = ["10.0.0.2"]\n[spool]\nasterisk_path = "/spool/cw/"',
            [f"{HERE}:4573", "/spool/cw", "callwarden/en"],
        ),
        (
            '[spool]\npath = "/srv/spool"\n[announce]\nlanguage = "cy"\nsounds = "custom/cw"',
            ["127.0.0.1:4573", "/srv/spool", "custom/cw/cy"],
        ),
    ],
)
def test_the_dialplan_is_told_what_it_needs_without_the_daemon(text: str, lines: list[str]) -> None:
    names = ["CALLWARDEN_AGI", "CALLWARDEN_SPOOL", "CALLWARDEN_SOUNDS"]
    assert options(lines_for(text)["globals"]) == list(zip(names, lines, strict=True))


def test_the_dialplan_is_told_of_a_scope_in_which_phones_are_not_accounted_for_each() -> None:
    lines = options(lines_for('[recording]\nscope = "one-per-call"')["globals"])
    assert lines[-1] == ("CALLWARDEN_SCOPE", "one-per-call")
    assert '"${CALLWARDEN_SCOPE}" = "one-per-call"' in (DIALPLAN / "callwarden.conf").read_text()


def test_the_dialplan_has_the_same_defaults() -> None:
    shipped = (DIALPLAN / "callwarden.conf").read_text()
    for name, value in options(lines_for()["globals"]):
        assert f"Set({name}={value})" in shipped


def test_the_feature_codes_are_those_that_are_shipped() -> None:
    codes = [line for line in lines_for()["features_applicationmap"].lines if "=>" in line]
    assert codes == [line for line in (DIALPLAN / "features.conf").read_text().splitlines() if "=>" in line]


def test_every_context_that_is_called_is_shipped() -> None:
    called = set(re.findall(r"(?:Gosub|U|b)\((callwarden-[a-z-]+)", str(lines_for()["extensions"])))
    shipped = set(re.findall(r"^\[(callwarden-[a-z-]+)\]", (DIALPLAN / "callwarden.conf").read_text(), re.MULTILINE))
    assert called
    assert called <= shipped


def test_nothing_but_the_include_is_live_in_the_dialplan() -> None:
    live = [line for line in lines_for()["extensions"].lines if not line.startswith(";")]
    assert live == ["#include callwarden.conf"]


@pytest.mark.parametrize(
    "part",
    [
        "Gosub(callwarden-inbound,s,1)",
        "Gosub(callwarden-outbound,s,1)",
        "Gosub(callwarden-internal,s,1)",
        "U(callwarden-announce-outbound)",
        "b(callwarden-agent^s^1)",
        ";exten => 700,1,Gosub(callwarden-card-line,s,1(PJSIP/700))",
    ],
)
def test_the_dialplan_shows_every_step(part: str) -> None:
    assert part in str(lines_for()["extensions"])


@pytest.mark.parametrize(
    ("line", "trunks", "rung"),
    [
        ('endpoint = "PJSIP/pay"', [], "PJSIP/pay"),
        ('endpoint = "pay"', [], "PJSIP/pay"),
        ('endpoint = "SIP/pay"', [], "SIP/pay"),
        ('number = "+44 900 1"', [], "PJSIP/+449001@trunk"),
        ('number = "0900 1"', ["PJSIP/out"], "PJSIP/09001@out"),
        ('number = "09001"', ["out"], "PJSIP/09001@out"),
        ('number = "09001"', ["IAX2/out"], "IAX2/out/09001"),
        ("", [], "PJSIP/*700"),
    ],
)
def test_the_card_line_rings_what_is_configured(line: str, trunks: list[str], rung: str) -> None:
    text = f'[calls]\ntrunks = {trunks}\n[[card.line]]\nname = "pay"\nextension = "*700"\ncontext = "cards"\n{line}\n'
    written = lines_for(text)["extensions"].lines
    assert f";exten => *700,1,Gosub(callwarden-card-line,s,1({rung}))" in written
    assert ";[cards]" in written


def test_every_card_line_has_its_extension() -> None:
    text = "".join(f'[[card.line]]\nname = "n{each}"\nextension = "{each}"\n' for each in (700, 701))
    written = str(lines_for(text)["extensions"])
    assert ";exten => 700,1,Gosub(callwarden-card-line" in written
    assert ";exten => 701,1,Gosub(callwarden-card-line" in written


def test_the_examples_use_the_configured_trunk_and_number() -> None:
    text = '[calls]\ntrunks = ["PJSIP/gamma"]\n[[announce.did]]\nnumber = "(020) 7946 0002"\n'
    written = str(lines_for(text)["extensions"])
    assert "@gamma,60,U(callwarden-announce-outbound)" in written
    assert ";exten => 02079460002,1,Gosub(callwarden-inbound,s,1)" in written


@pytest.mark.parametrize("file", ["manager", "http", "ari_additional", "globals"])
def test_the_lines_are_sections_of_options(file: str) -> None:
    parser = configparser.RawConfigParser(comment_prefixes=(";",), inline_comment_prefixes=(" ;",), strict=False)
    parser.read_string("\n".join(lines_for()[file].lines))
    assert len(parser.sections()) == 1
