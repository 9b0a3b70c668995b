"""AMI's words into ours, as 22.10 and 16.28 say them."""

import logging

import pytest

from callwarden.asterisk.translate import HANDLERS, Incomplete, Translator
from callwarden.asterisk.wire import Headers
from callwarden.core import events as ev
from peers import channel_headers
from peers import event as ami_event

AT = 17.5
OWN = "1795310419.0"


def headers(name: str, /, **changed: str) -> Headers:
    """An AMI event as it comes off the wire, with what is changed or added to the usual channel."""
    return Headers((key.lower(), value) for key, value in ami_event(name, **changed).items())


def told(name: str, /, **changed: str) -> list[ev.Event]:
    return Translator().translate(headers(name, **changed), AT)


def test_a_new_channel_with_who_calls_and_what_was_dialled() -> None:
    assert told("Newchannel", CallerIDName="Anna") == [
        ev.ChannelCreated(
            at=AT, unique_id=OWN, linked_id=OWN, name="PJSIP/trunk-00000000", caller_number="100", caller_name="Anna",
            context="from-trunk", exten="123",
        )
    ]  # fmt: skip


def test_what_asterisk_does_not_know_is_empty() -> None:
    [event] = told("Newchannel", CallerIDNum="<unknown>", Linkedid="")
    assert isinstance(event, ev.ChannelCreated)
    assert (event.caller_number, event.caller_name, event.linked_id) == ("", "", OWN)


@pytest.mark.parametrize("hostile", ['"; rm -rf /', "../../x", "a,b|c;d", "' OR 1=1 --", "\U0001f600", "x" * 10_000])
def test_hostile_text_arrives_as_given(hostile: str) -> None:
    [event] = told("Newchannel", CallerIDNum=hostile, CallerIDName=hostile, Exten=hostile)
    assert isinstance(event, ev.ChannelCreated)
    assert (event.caller_number, event.caller_name, event.exten) == (hostile, hostile, hostile)
    assert event.unique_id == OWN


@pytest.mark.parametrize(("state", "events"), [("6", [ev.ChannelAnswered(AT, OWN)]), ("4", []), ("5", []), ("", [])])
def test_only_up_is_an_answer(state: str, events: list[ev.Event]) -> None:
    assert told("Newstate", ChannelState=state) == events


BRIDGE = {"BridgeUniqueid": "b1", "BridgeTechnology": "simple_bridge"}


@pytest.mark.parametrize(
    ("name", "changed", "event"),
    [
        ("Hangup", {}, ev.ChannelHungUp(AT, OWN)),
        ("Rename", {"Newname": "PJSIP/203-1"}, ev.ChannelRenamed(AT, OWN, "PJSIP/203-1")),
        ("NewCallerid", {"CallerIDName": "Anna"}, ev.CallerIdentified(AT, OWN, "100", "Anna")),
        ("BridgeEnter", BRIDGE, ev.BridgeEntered(AT, "b1", OWN)),
        ("BridgeEnter", BRIDGE | {"BridgeTechnology": "holding_bridge"}, ev.BridgeEntered(AT, "b1", OWN, True)),
        ("BridgeEnter", BRIDGE | {"BridgeTechnology": "softmix"}, ev.BridgeEntered(AT, "b1", OWN, False, True)),
        ("BridgeLeave", BRIDGE, ev.BridgeLeft(AT, "b1", OWN)),
        ("MusicOnHoldStart", {"Class": "default"}, ev.MusicStarted(AT, OWN)),
        ("MusicOnHoldStop", {}, ev.MusicStopped(AT, OWN)),
        (
            "LocalBridge",
            channel_headers("LocalOne", Uniqueid="1") | channel_headers("LocalTwo", Uniqueid="2"),
            ev.LocalPaired(AT, "1", "2"),
        ),
        (
            "DialBegin",
            channel_headers("Dest", Uniqueid="2") | {"DialString": "700", "Context": "callwarden-card-line"},
            ev.DialBegun(AT, OWN, "2", "700", "callwarden-card-line"),
        ),
        ("MixMonitorStart", {}, ev.ForeignRecorderStarted(AT, OWN)),
    ],
)
def test_each_event_has_its_meaning(name: str, changed: dict[str, str], event: ev.Event) -> None:
    assert told(name, **changed) == [event]


def test_an_originated_channel_is_dialled_by_nobody() -> None:
    originated = Headers({"event": "DialBegin", "destuniqueid": "2", "dialstring": "700"}.items())
    assert Translator().translate(originated, AT) == [ev.DialBegun(AT, "", "2", "700")]


@pytest.mark.parametrize("name", ["VarSet", "DTMFBegin", "Newexten", "FullyBooted", ""])
def test_what_is_not_listened_to_means_nothing(name: str) -> None:
    assert told(name) == []


@pytest.mark.parametrize("name", sorted(HANDLERS))
def test_an_event_without_its_headers_is_logged_by_its_name_and_means_nothing(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        events = Translator().translate(Headers({"event": name, "channelstate": "6"}.items()), AT)
    assert events == []
    assert name in caplog.text


def test_a_merge_is_seen_in_whatever_event_carries_the_new_linked_id_first() -> None:
    translator = Translator()
    translator.translate(headers("Newchannel"), AT)
    merged = translator.translate(headers("BridgeEnter", Linkedid="other", **BRIDGE), AT)
    assert merged == [ev.LinkedIdChanged(AT, OWN, "other"), ev.BridgeEntered(AT, "b1", OWN)]
    later = translator.translate(headers("BridgeLeave", Linkedid="other", **BRIDGE), AT)
    assert later == [ev.BridgeLeft(AT, "b1", OWN)]


def test_a_channel_that_is_not_known_is_not_merged() -> None:
    assert told("BridgeEnter", Linkedid="other", **BRIDGE) == [ev.BridgeEntered(AT, "b1", OWN)]


def test_our_own_recorders_are_not_foreign_and_each_is_expected_once() -> None:
    translator = Translator()
    translator.expect_monitor(OWN)
    translator.expect_monitor(OWN)
    started = [translator.translate(headers("MixMonitorStart"), AT) for _ in range(3)]
    assert started == [[], [], [ev.ForeignRecorderStarted(AT, OWN)]]


def test_what_is_expected_of_a_channel_ends_with_it() -> None:
    translator = Translator()
    translator.expect_monitor(OWN)
    translator.translate(headers("Hangup"), AT)
    assert translator.translate(headers("MixMonitorStart"), AT) == [ev.ForeignRecorderStarted(AT, OWN)]


def test_a_channel_of_a_snapshot_is_found_with_its_recorder() -> None:
    found = Translator().found(headers("Status", ChannelState="6"), "0x1", "a.wav", AT)
    assert (found.found, found.answered, found.monitor_id, found.file) == (True, True, "0x1", "a.wav")


def test_a_channel_of_a_snapshot_that_is_on_its_way_out_is_incomplete() -> None:
    with pytest.raises(Incomplete):
        Translator().found(headers("Status", Uniqueid=""), "", "", AT)
