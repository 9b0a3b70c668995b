"""The AMI edge: bytes into messages, the link against a scripted server, and what panoramisk would have done wrong."""

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from callwarden.asterisk.ami import ActionFailed, AmiLink, LinkState, Reply
from callwarden.asterisk.framing import MAX_MESSAGE, MAX_PIECES, Framer, NotAmi
from callwarden.asterisk.wire import Headers
from peers import GREETING, FakeAmi, Fields, Message, ami_text, channel_headers, event, eventually

BREAK = "\r\n\r\n"


def framed(*messages: Message, reads: int | None = None) -> list[Headers]:
    data = (GREETING + "".join(map(ami_text, messages))).encode()
    framer = Framer()
    if reads is None:
        return list(framer.feed(data))
    return [*framer.feed(data[:reads]), *framer.feed(data[reads:])]


# Bytes into messages


def test_a_message_has_its_headers_in_any_case() -> None:
    (headers,) = framed(event("Newchannel"))
    assert headers["Uniqueid"] == headers["uniqueid"] == headers.get("UNIQUEID") == "1795310419.0"
    assert "UniqueID" in headers
    assert headers.get("BridgeID") == ""
    assert headers["AccountCode"] == ""


def test_every_place_where_two_reads_can_split_the_bytes_gives_the_same_messages() -> None:
    messages: list[Message] = [event("Newchannel", CallerIDName="Zoë 😀"), event("Hangup"), {"Response": "Success"}]
    whole = framed(*messages)
    assert whole[0]["CallerIDName"] == "Zoë 😀"
    length = len((GREETING + "".join(map(ami_text, messages))).encode())
    assert all(framed(*messages, reads=n) == whole for n in range(length))


def test_a_repeated_header_gives_its_first_value_and_all_of_them() -> None:
    status = [("Event", "Status"), ("Privilege", "Call"), *channel_headers().items(), ("Variable", "A=1,2=3")]
    (headers,) = framed([*status, ("Variable", "B=(null)")])
    assert headers["Variable"] == "A=1,2=3"
    assert headers.all("Variable") == ["A=1,2=3", "B=(null)"]
    assert headers.all("Exten") == ["123"]
    assert headers.all("Nothing") == []


def test_a_name_that_asterisk_escapes_comes_as_the_caller_sent_it() -> None:
    (headers,) = framed(event("Newchannel", CallerIDName=r"a\"b\\c\td\nEvent: x", CallerIDNum=r'12"3\4'))
    assert headers["CallerIDName"] == 'a"b\\c\td\nEvent: x'
    assert headers["CallerIDNum"] == r'12"3\4'


def test_bytes_that_are_no_utf8_do_not_stop_the_stream() -> None:
    data = ami_text(event("Newchannel", CallerIDNum="??")).encode().replace(b"??", b"\xff\xfe")
    headers = list(Framer().feed(GREETING.encode() + data + ami_text(event("Hangup")).encode()))
    assert [h["event"] for h in headers] == ["Newchannel", "Hangup"]
    assert headers[0]["CallerIDNum"] == "��"


def test_ten_kilobytes_in_a_name_are_given_whole() -> None:
    (headers,) = framed(event("Newchannel", CallerIDName="n" * 10_000))
    assert headers["CallerIDName"] == "n" * 10_000


HOSTILE = [
    "a\r\nUniqueid: FAKE",
    f"a{BREAK}Event: Hangup\r\nUniqueid: 1.1\r\nX: y",
    f"a\r\nUniqueid: FAKE{BREAK}Event: Fake\r\nX: y",
    f"a{BREAK}Event: FullyBooted\r\nUptime: 1{BREAK}",
    f"a{BREAK}Response: Success\r\nActionID: 1{BREAK}",
    f"a{BREAK}{BREAK}{BREAK}b",
    "a\r\nDestCallerIDNum: 1",
    "a\r\nCallerIDName: x\r\nExten: 1\r\nLinkedid: 1",
    "a\nEvent: Fake",
    "a\r\n",
    "; rm -rf /, ../../x | '--",
]


@pytest.mark.parametrize("number", HOSTILE)
@pytest.mark.parametrize("name", ["Newchannel", "Hangup", "BridgeEnter"])
def test_a_number_with_line_breaks_is_one_number_and_makes_no_event(number: str, name: str) -> None:
    headers = framed(event(name, CallerIDNum=number), event("Newstate"))
    assert [h["event"] for h in headers] == [name, "Newstate"]
    assert headers[0]["CallerIDNum"] == number
    assert headers[0]["Uniqueid"] == "1795310419.0"


@pytest.mark.parametrize("number", HOSTILE)
def test_a_number_with_line_breaks_is_mended_when_two_reads_split_it(number: str) -> None:
    messages: list[Message] = [event("Newchannel", CallerIDNum=number), event("Newstate")]
    length = len((GREETING + "".join(map(ami_text, messages))).encode())
    for n in range(length):
        assert [h["CallerIDNum"] for h in framed(*messages, reads=n)] == [number, "100"]


def test_a_connected_number_with_line_breaks_is_mended_in_every_channel_of_an_event() -> None:
    evil = f"a{BREAK}Event: Hangup\r\nUniqueid: 1.1"
    dial = {"Event": "DialBegin", "Privilege": "call,all", **channel_headers(CallerIDNum=evil)}
    (headers,) = framed(dial | channel_headers("Dest", ConnectedLineNum=evil) | {"DialString": "202"})
    assert headers["CallerIDNum"] == headers["DestConnectedLineNum"] == evil
    assert headers["DialString"] == "202"


def test_a_dialled_extension_with_line_breaks_is_mended() -> None:
    evil = f"1\r\nPriority: 1\r\nUniqueid: 2.2\r\nLinkedid: 2.2{BREAK}"
    headers = framed(event("Newchannel", Exten=evil), event("Newstate"))
    assert [(h["Exten"], h["Uniqueid"]) for h in headers] == [(evil, "1795310419.0"), ("123", "1795310419.0")]


def test_a_dialled_string_with_line_breaks_neither_stops_the_stream_nor_changes_the_channels() -> None:
    dial = {"Event": "DialBegin", "Privilege": "call,all", **channel_headers(), **channel_headers("Dest")}
    framer = Framer()
    list(
        framer.feed(GREETING.encode() + ami_text(dial | {"DialString": "1\r\nUniqueid: 2.2\r\nLinkedid: 2.2"}).encode())
    )
    headers = [h for _ in range(3) for h in framer.feed(ami_text(event("Newstate")).encode())]
    assert [h["event"] for h in headers] == ["DialBegin", "Newstate", "Newstate", "Newstate"]
    assert headers[0]["Uniqueid"] == headers[0]["DestUniqueid"] == "1795310419.0"


def test_what_cannot_be_mended_is_dropped_and_named_without_its_values(caplog: pytest.LogCaptureFixture) -> None:
    headers = framed(
        "Rubbish\r\n\r\n", [("Event", "Peer"), ("Event", "5551234")], "X: 5551234\r\n\r\n", event("Hangup")
    )
    assert [h["event"] for h in headers] == ["Hangup"]
    assert len(caplog.records) == 3
    assert "5551234" not in caplog.text
    assert "(peer)" in caplog.text


def test_a_message_twice_separated_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    assert len(framed(event("Hangup"), "\r\n\r\n", event("Hangup"))) == 2
    assert not caplog.records


def test_an_asterisk_that_describes_channels_otherwise_is_believed(caplog: pytest.LogCaptureFixture) -> None:
    short = {"Event": "Newstate", "Privilege": "call,all", "Channel": "SIP/1", "Uniqueid": "1.1"}
    headers = framed(*[short] * (MAX_PIECES + 3))
    assert [h["Uniqueid"] for h in headers] == ["1.1"] * (MAX_PIECES + 3)
    assert [r.levelname for r in caplog.records] == ["WARNING"]


def test_a_message_without_an_end_closes_the_connection() -> None:
    framer = Framer()
    list(framer.feed(GREETING.encode()))
    with pytest.raises(NotAmi, match="1 MiB"):
        for _ in range(MAX_MESSAGE // 65536 + 1):
            list(framer.feed(b"x" * 65536))


@pytest.mark.parametrize("greeting", [b"SSH-2.0-x\r\n", b"HTTP/1.1 400\r\n", b"\x16\x03\x01"])
def test_a_peer_that_is_no_asterisk_manager_is_refused(greeting: bytes) -> None:
    with pytest.raises(NotAmi, match="greeting"):
        list(Framer().feed(greeting))


# The link


class Heard:
    """What a link told."""

    def __init__(self) -> None:
        self.events: list[tuple[Mapping[str, str], float]] = []
        self.states: list[tuple[LinkState, str]] = []

    def event(self, event: Mapping[str, str], at: float) -> None:
        self.events.append((event, at))

    def state(self, state: LinkState, why: str) -> None:
        self.states.append((state, why))

    def names(self) -> list[str]:
        return [event["event"] for event, _ in self.events]


@asynccontextmanager
async def linked(
    ami: FakeAmi, until: LinkState | None = LinkState.READY, **options: Any
) -> AsyncIterator[tuple[AmiLink, Heard]]:
    heard = Heard()
    quick = {"first_retry": 0.01, "last_retry": 0.05, "refused_retry": 0.1}
    callbacks = {"on_event": heard.event, "on_state": heard.state}
    link = AmiLink("127.0.0.1", ami.port, "cw", "s3cret", **(quick | callbacks | options))
    link.start()
    try:
        await eventually(lambda: until is None or link.state is until)
        yield link, heard
    finally:
        await link.stop()


async def test_a_link_is_ready_when_asterisk_has_booted_and_knows_its_version_and_uptime() -> None:
    async with FakeAmi() as ami, linked(ami) as (link, heard):
        assert [state for state, _ in heard.states] == [LinkState.CONNECTING, LinkState.LOGGED_IN, LinkState.READY]
        assert (link.asterisk_version, link.uptime) == ("22.10.1", 58)
        assert ami.named("Login")[0]["Events"] == "call,system,user"


async def test_a_link_is_only_logged_in_before_asterisk_has_booted() -> None:
    async with FakeAmi(booted=False) as ami, linked(ami, LinkState.LOGGED_IN) as (link, _):
        await ami.until("CoreSettings")
        assert (await link.send({"Action": "Ping"})).success
        assert link.state is LinkState.LOGGED_IN
        ami.say({"Event": "FullyBooted", "Privilege": "system,all"})
        await eventually(lambda: link.state is LinkState.READY)
        assert link.uptime is None


async def test_a_reply_has_success_message_and_headers() -> None:
    async with FakeAmi() as ami, linked(ami) as (link, _):
        ami.answers["MixMonitor"] = lambda a: [
            {"Response": "Success", "ActionID": a["ActionID"], "MixMonitorID": "0x7f53"}
        ]
        ami.answers["StopMixMonitor"] = lambda a: [
            {"Response": "Error", "ActionID": a["ActionID"], "Message": "No such channel"}
        ]
        started = await link.send({"Action": "MixMonitor", "Channel": "PJSIP/1", "File": "a.wav"})
        stopped = await link.send({"Action": "StopMixMonitor", "Channel": "PJSIP/1"})
    assert started.success
    assert started.message == ""
    assert started.headers["MixMonitorID"] == "0x7f53"
    assert not stopped.success
    assert stopped.message == "No such channel"


async def test_actions_are_on_the_wire_in_order_before_send_returns() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    link = AmiLink(
        "127.0.0.1", server.getsockname()[1], "u", "p", on_event=lambda e, at: None, on_state=lambda s, w: None
    )
    link.start()
    with server, (await asyncio.to_thread(server.accept))[0] as peer:
        peer.sendall(GREETING.encode())
        login = (await asyncio.to_thread(peer.recv, 4096)).decode()
        peer.sendall(f"Response: Success\r\n{login[login.index('ActionID') :]}".encode())
        await eventually(lambda: link.state is LinkState.LOGGED_IN)
        await asyncio.to_thread(peer.recv, 4096)  # CoreSettings
        link.send({"Action": "MixMonitor", "Channel": "c"})
        link.send({"Action": "StopMixMonitor", "Channel": "c"})
        text = peer.recv(4096).decode()  # the event loop has not run since
        assert text.index("Action: MixMonitor") < text.index("Action: StopMixMonitor")
        await link.stop()


async def test_several_values_of_one_name_are_sent_as_several_headers() -> None:
    async with FakeAmi() as ami, linked(ami) as (link, _):
        ami.answers["Originate"] = None
        link.send({"Action": "Originate", "Variable": ["A=1", "B=2"]})
        assert (await ami.until("Originate"))["Variable"] == "B=2"


@pytest.mark.parametrize("value", ["a\r\nAction: Command", "a\nb", "a\rb", "a\0b"])
async def test_a_line_break_or_nul_in_a_value_is_refused_and_nothing_is_sent(value: str) -> None:
    async with FakeAmi() as ami, linked(ami) as (link, _):
        actions: list[dict[str, str | list[str]]] = [{"Value": value}, {"Variable": ["x", value]}, {value: "x"}]
        for action in actions:
            with pytest.raises(ValueError, match="line break") as caught:
                link.send({"Action": "Setvar"} | action)
            assert value not in str(caught.value)
        await link.send({"Action": "Ping"})
        assert [fields["Action"] for fields in ami.received[0]] == ["Login", "CoreSettings", "Ping"]


def test_a_secret_with_a_line_break_is_refused_without_being_told() -> None:
    with pytest.raises(ValueError, match="'Secret'") as caught:
        AmiLink("h", 1, "u", "p\r\nAction: x", on_event=lambda e, at: None, on_state=lambda s, w: None)
    assert "Action" not in str(caught.value)


async def test_without_a_connection_an_action_fails_at_once_and_is_not_kept() -> None:
    async with FakeAmi() as ami:
        await ami.stop()
        async with linked(ami, None) as (link, heard):
            with pytest.raises(ActionFailed, match="not sent"):
                await link.send({"Action": "MixMonitor", "Channel": "c"})
            await eventually(lambda: LinkState.DOWN in [state for state, _ in heard.states])
            await ami.start()
            await eventually(lambda: link.state is LinkState.READY)
            assert ami.named("MixMonitor") == []


async def test_what_was_unanswered_fails_when_the_connection_ends_and_is_never_sent_again() -> None:
    async with FakeAmi() as ami, linked(ami) as (link, _):
        ami.answers["MixMonitor"] = None
        action = link.send({"Action": "MixMonitor", "Channel": "c"})
        await ami.until("MixMonitor")
        ami.hang_up()
        with pytest.raises(ActionFailed, match="closed the connection"):
            await action
        await eventually(lambda: len(ami.received) == 2 and link.state is LinkState.READY)
        await link.send({"Action": "Ping"})
        assert [fields["Action"] for fields in ami.received[1]] == ["Login", "CoreSettings", "Ping"]


async def test_an_action_that_is_not_answered_in_time_fails_and_its_late_reply_is_no_event() -> None:
    async with FakeAmi() as ami, linked(ami) as (link, heard):
        ami.answers["MixMonitor"] = None
        with pytest.raises(ActionFailed, match=r"no reply within 0\.02 s"):
            await link.send({"Action": "MixMonitor"}, timeout=0.02)
        late = ami.named("MixMonitor")[0]["ActionID"]
        ami.say({"Response": "Success", "ActionID": late}, event("Hangup"))
        await eventually(lambda: "Hangup" in heard.names())
        assert heard.names() == ["FullyBooted", "Hangup"]


async def test_stopping_the_link_fails_what_was_unanswered() -> None:
    async with FakeAmi() as ami, linked(ami) as (link, _):
        ami.answers["MixMonitor"] = None
        action = link.send({"Action": "MixMonitor"})
        await link.stop()
        with pytest.raises(ActionFailed):
            await action
        with pytest.raises(ActionFailed, match="not sent"):
            await link.send({"Action": "Ping"})


async def test_an_action_that_nobody_waits_for_any_more_does_no_harm() -> None:
    async with FakeAmi() as ami, linked(ami) as (link, _):
        ami.answers["MixMonitor"] = None
        link.send({"Action": "MixMonitor"}, timeout=0.01)
        link.send({"Action": "MixMonitor"}).cancel()
        await ami.until("MixMonitor", count=2)
        ami.say({"Response": "Success", "ActionID": ami.named("MixMonitor")[1]["ActionID"]})
        await asyncio.sleep(0.03)
        assert (await link.send({"Action": "Ping"})).success


def items(fields: Fields, *names: str) -> list[Message]:
    tag = {"ActionID": fields["ActionID"]}
    return [
        {"Response": "Success", "EventList": "start", "Message": "Channel status will follow"} | tag,
        *({"Event": "Status", "Privilege": "Call", **channel_headers(Channel=name)} | tag for name in names),
    ]


def complete(fields: Fields) -> Message:
    return {"Event": "StatusComplete", "ActionID": fields["ActionID"], "EventList": "Complete", "ListItems": "2"}


async def test_a_list_is_collected_up_to_its_end_and_its_items_are_no_events() -> None:
    async with FakeAmi() as ami, linked(ami) as (link, heard):
        ami.answers["Status"] = lambda a: [*items(a, "PJSIP/1", "PJSIP/2"), event("Hangup"), complete(a)]
        found = await link.listing({"Action": "Status"})
        assert [item["Channel"] for item in found] == ["PJSIP/1", "PJSIP/2"]
        assert heard.names() == ["FullyBooted", "Hangup"]
        ami.answers["Status"] = lambda a: [*items(a), complete(a)]
        assert await link.listing({"Action": "Status"}) == []


async def test_a_list_that_asterisk_refuses_fails_with_its_reason() -> None:
    async with FakeAmi() as ami, linked(ami) as (link, _):
        ami.answers["Status"] = lambda a: [
            {"Response": "Error", "ActionID": a["ActionID"], "Message": "Permission denied"}
        ]
        with pytest.raises(ActionFailed, match="Status: Permission denied"):
            await link.listing({"Action": "Status"})


async def test_a_list_that_is_given_up_does_not_leave_its_items_among_the_events() -> None:
    async with FakeAmi() as ami, linked(ami) as (link, heard):
        ami.answers["Status"] = lambda a: items(a, "PJSIP/1")
        with pytest.raises(ActionFailed, match="no reply"):
            await link.listing({"Action": "Status"}, timeout=0.02)
        asked = ami.named("Status")[0]
        ami.say(*items(asked, "PJSIP/2")[1:], complete(asked), event("Hangup"))
        await eventually(lambda: "Hangup" in heard.names())
        assert heard.names() == ["FullyBooted", "Hangup"]


async def test_an_event_has_the_time_at_which_it_was_read() -> None:
    async with FakeAmi() as ami, linked(ami) as (_, heard):
        before = time.time()
        ami.say(event("Newchannel"), event("Hangup"))
        await eventually(lambda: len(heard.events) == 3)
        assert before <= heard.events[1][1] == heard.events[2][1] <= time.time()


async def test_what_is_sent_behind_a_reply_is_not_heard_before_it() -> None:
    told: list[str] = []
    async with FakeAmi() as ami, linked(ami, on_event=lambda e, at: told.append(e["event"])) as (link, _):
        told.clear()
        ami.answers["MixMonitor"] = None
        link.send({"Action": "MixMonitor", "Channel": "c"}).add_done_callback(lambda _: told.append("reply"))
        asked = await ami.until("MixMonitor")
        reply: Message = {"Response": "Success", "ActionID": asked["ActionID"]}
        ami.say(event("Newstate"), reply, event("MixMonitorStart"))  # in one read
        await eventually(lambda: len(told) == 3)
    assert told == ["Newstate", "reply", "MixMonitorStart"]


async def test_who_has_a_reply_given_to_him_hears_it_in_its_place_among_the_events() -> None:
    told: list[str] = []
    async with FakeAmi() as ami, linked(ami, on_event=lambda e, at: told.append(e["event"])) as (link, _):
        told.clear()
        ami.answers["MixMonitor"] = ami.answers["Getvar"] = None
        link.send({"Action": "MixMonitor", "Channel": "c"}, then=lambda _: told.append("first"))
        awaited = link.send({"Action": "Getvar", "Variable": "x"})
        awaited.add_done_callback(lambda _: told.append("awaited"))
        link.send({"Action": "MixMonitor", "Channel": "d"}, then=lambda _: told.append("second"))
        await ami.until("MixMonitor", count=2)
        replies: list[Message] = [
            {"Response": "Success", "ActionID": asked["ActionID"]}
            for asked in (*ami.named("MixMonitor"), *ami.named("Getvar"))
        ]
        first, second, getvar = replies
        ami.say(event("Newstate"), first, event("Rename"), getvar, event("Newchannel"), second, event("Hangup"))
        await eventually(lambda: len(told) == 7)
    assert told == ["Newstate", "first", "Rename", "awaited", "Newchannel", "second", "Hangup"]


async def test_what_became_of_an_action_is_told_once_whatever_it_is(caplog: pytest.LogCaptureFixture) -> None:
    told: list[BaseException | None] = []

    def tell(reply: asyncio.Future[Reply]) -> None:
        told.append(reply.exception())
        raise KeyError("a mistake of ours")

    async with FakeAmi() as ami, linked(ami) as (link, heard):
        link.send({"Action": "Ping"}, then=tell)
        await eventually(lambda: len(told) == 1)
        assert "the reply to the AMI action Ping could not be handled" in caplog.text
        ami.answers["MixMonitor"] = None
        link.send({"Action": "MixMonitor"}, timeout=0.02, then=tell)
        await eventually(lambda: len(told) == 2)
        ami.say({"Response": "Success", "ActionID": ami.named("MixMonitor")[0]["ActionID"]}, event("Hangup"))
        await eventually(lambda: "Hangup" in heard.names())
        link.send({"Action": "MixMonitor"}, then=told_only(told))
        await ami.until("MixMonitor", count=2)
        await link.stop()
        link.send({"Action": "MixMonitor"}, then=told_only(told))
        assert len(told) == 3, "never before `send` returns"
        await eventually(lambda: len(told) == 4)
    assert told[0] is None
    assert [type(error) for error in told[1:]] == [ActionFailed] * 3


def told_only(told: list[BaseException | None]) -> Callable[[asyncio.Future[Reply]], None]:
    return lambda reply: told.append(reply.exception())


async def test_an_event_handler_that_raises_is_named_and_the_link_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    def handler(event: Mapping[str, str], at: float) -> None:
        if event["event"] == "Newchannel":
            raise KeyError("Uniqueid")

    async with FakeAmi() as ami, linked(ami, on_event=handler) as (link, heard):
        ami.say(event("Newchannel"), event("Hangup"))
        await eventually(lambda: "Newchannel" in caplog.text)
        assert (await link.send({"Action": "Ping"})).success
        assert len(ami.received) == 1
        assert heard.states[-1][0] is LinkState.READY


async def test_a_state_handler_that_raises_does_not_end_the_link(caplog: pytest.LogCaptureFixture) -> None:
    def handler(state: LinkState, why: str) -> None:
        raise RuntimeError(state.value)

    async with FakeAmi() as ami, linked(ami, on_state=handler) as (link, _):
        assert link.state is LinkState.READY
        assert "could not be handled" in caplog.text


async def test_a_wrong_secret_is_refused_said_once_and_tried_again_slowly(caplog: pytest.LogCaptureFixture) -> None:
    async with FakeAmi(secret="other") as ami, linked(ami, LinkState.REFUSED) as (link, heard):
        assert "Asterisk refused user 'cw': Authentication failed" in heard.states[-1][1]
        await asyncio.sleep(0.05)
        assert len(ami.received) == 1
        await eventually(lambda: len(ami.received) == 3)
        assert [r.levelname for r in caplog.records if "refused" in r.message].count("WARNING") == 1
        assert "s3cret" not in caplog.text
        ami.secret = "s3cret"
        await eventually(lambda: link.state is LinkState.READY)


async def test_other_credentials_are_tried_at_once_where_those_before_were_refused() -> None:
    async with FakeAmi(secret="other") as ami, linked(ami, LinkState.REFUSED, refused_retry=60) as (link, _):
        link.credentials("cw", "other")
        await eventually(lambda: link.state is LinkState.READY)
        with pytest.raises(ValueError, match="Secret"):
            link.credentials("cw", "two\r\nlines")


async def test_an_asterisk_that_does_not_answer_pings_is_left_and_connected_to_anew() -> None:
    async with FakeAmi() as ami, linked(ami, ping_interval=0.02, ping_timeout=0.05) as (_, heard):
        await ami.until("Ping", count=3)
        assert len(ami.received) == 1
        ami.answers["Ping"] = None
        await eventually(lambda: len(ami.received) > 1)
        assert any("did not answer a ping" in why for state, why in heard.states if state is LinkState.DOWN)


async def test_only_the_first_failure_is_a_warning_and_the_return_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "callwarden")
    async with FakeAmi() as ami:
        await ami.stop()
        async with linked(ami, None) as (link, heard):
            await eventually(lambda: len(heard.states) > 6)
            levels = [r.levelname for r in caplog.records if "trying again" in r.message]
            assert levels[0] == "WARNING"
            assert set(levels[1:]) == {"DEBUG"}
            await ami.start()
            await eventually(lambda: link.state is LinkState.READY)
            assert "connected to Asterisk again" in caplog.text


async def test_half_a_message_is_dropped_with_its_connection() -> None:
    async with FakeAmi() as ami, linked(ami) as (_, heard):
        ami.say_bytes(ami_text(event("Newchannel")).encode()[:100])
        await asyncio.sleep(0.02)
        ami.hang_up()
        await eventually(lambda: len(ami.received) == 2 and heard.states[-1][0] is LinkState.READY)
        assert heard.names() == ["FullyBooted", "FullyBooted"]


async def test_a_peer_that_is_no_asterisk_is_named_as_such() -> None:
    async with FakeAmi() as ami:
        ami.greeting = "SSH-2.0-OpenSSH\r\n"
        async with linked(ami, None) as (_, heard):
            await eventually(lambda: LinkState.DOWN in [state for state, _ in heard.states])
            assert any("greeting" in why for _, why in heard.states)


async def test_shutdown_and_goodbye_are_taken_as_they_are() -> None:
    async with FakeAmi() as ami, linked(ami) as (link, heard):
        ami.answers["Logoff"] = lambda a: [{"Response": "Goodbye", "ActionID": a["ActionID"], "Message": "Thanks"}]
        assert (await link.send({"Action": "Logoff"})).success
        ami.say({"Event": "Shutdown", "Privilege": "system,all", "Shutdown": "Cleanly"})
        await eventually(lambda: "Shutdown" in heard.names())
        ami.hang_up()
        await eventually(lambda: len(ami.received) == 2)


async def test_fully_booted_counts_once_a_connection() -> None:
    async with FakeAmi() as ami, linked(ami) as (link, heard):
        ami.say({"Event": "FullyBooted", "Privilege": "system,all", "Uptime": "1"}, event("Hangup"))
        await eventually(lambda: "Hangup" in heard.names())
        assert heard.names() == ["FullyBooted", "Hangup"]
        assert link.uptime == 58


async def test_action_ids_cannot_be_guessed() -> None:
    async with FakeAmi() as ami, linked(ami):
        assert len(ami.named("Login")[0]["ActionID"]) > 36


async def test_what_a_loop_that_stood_still_reads_may_be_news_of_then() -> None:
    delays = list[tuple[float, float]]()
    async with FakeAmi() as ami, linked(ami, on_delay=lambda since, until: delays.append((since, until))):
        await asyncio.sleep(0.05)
        assert delays == []
        time.sleep(1.2)  # noqa: ASYNC251  (the loop is to stand still)
        await eventually(lambda: bool(delays))
    since, until = delays[0]
    assert 1.1 < until - since < 2.0


@pytest.mark.parametrize("timeout", [2.0, 0.3])
async def test_a_late_reply_tells_that_the_link_had_stalled(timeout: float) -> None:  # noqa: ASYNC109
    delays = list[float]()
    async with FakeAmi() as ami, linked(ami, on_delay=lambda since, until: delays.append(until - since)) as (link, _):
        ami.answers["MixMonitor"] = None
        link.send({"Action": "MixMonitor"}, timeout=timeout)
        sent = await ami.until("MixMonitor")
        await asyncio.sleep(0.7)
        assert delays == []
        ami.say({"Response": "Success", "ActionID": str(sent["ActionID"])})
        await eventually(lambda: bool(delays))
    assert 0.6 < delays[0] < 1.5
