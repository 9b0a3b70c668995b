"""A problem that lasts is an alarm; one that passes is none; it is said in one place only."""

from pathlib import Path

from callwarden.alarms import Alarms
from callwarden.control import Peer
from callwarden.health.lasting import Lasting
from callwarden.health.problems import KINDS, problems
from peers import FakeAmi, FakeAri, eventually
from test_metrics import service_in

AWAY = {"asterisk-away": "Asterisk's manager interface is not there."}
KIND = frozenset(AWAY)


def test_a_restart_of_asterisk_is_no_alarm_and_an_hour_without_it_is_one() -> None:
    alarms, found = Alarms(), dict(AWAY)
    lasting = Lasting(lambda: found, KIND, alarms)
    for now in (0.0, 30.0, 59.0):
        lasting.look(now)
    assert alarms.open == []
    found.clear()
    lasting.look(61.0)
    found.update(AWAY)
    for now in (70.0, 100.0, 129.0):
        lasting.look(now)
    assert alarms.open == []
    lasting.look(131.0)
    lasting.look(3600.0)
    (alarm,) = alarms.open
    assert (alarm.kind, alarm.lasting, alarms.counts["asterisk-away"]) == ("asterisk-away", True, 1)
    found.clear()
    lasting.look(3601.0)
    assert alarms.open == []


def test_what_an_earlier_daemon_left_open_ends() -> None:
    alarms = Alarms()
    alarms.begin("asterisk-away", "said by an earlier daemon")
    Lasting(dict, KIND, alarms).look(0.0)
    assert alarms.open == []


async def test_a_daemon_tells_its_problems_and_each_of_them_once(tmp_path: Path) -> None:
    async with FakeAmi() as ami, FakeAri() as ari:
        service = service_in(tmp_path, ami, ari, 0)
        await service.start()
        await service.open_office()
        await eventually(lambda: not problems(service.office))
        status = service.office.desk.handlers()["status"]
        await ami.stop()
        await eventually(lambda: set(problems(service.office)) == {"asterisk-away"})
        assert set(problems(service.office)) <= KINDS
        service.alarms.begin("asterisk-away", "it lasts")
        service.alarms.sound("gate-refused", "refused", "1.1")
        told = await status(Peer(0, 0, 0, "root"), {})
        await service.stop()
    assert len(list(told["problems"])) == 1  # type: ignore[call-overload]
    assert [alarm["kind"] for alarm in told["alarms"]] == ["gate-refused"]  # type: ignore[attr-defined]
