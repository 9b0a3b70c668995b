"""/metrics: what Prometheus reads is well-formed, true, cheap and only there; a daemon without it works as well."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from callwarden.config import settings_from
from callwarden.core import actions as do
from callwarden.core import events as ev
from callwarden.core.facts import Call, Direction, Fact, Gap, Recording, RecordingState, Suspension
from callwarden.health.counting import CAUSES
from callwarden.service import Service
from peers import FakeAmi, FakeAri, eventually
from ports import free_port

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def service_in(folder: Path, ami: FakeAmi, ari: FakeAri, port: int) -> Service:
    (folder / "spool").mkdir(exist_ok=True)
    settings = settings_from(
        f'[vault]\npath = "{folder}/vault"\n[catalogue]\npath = "{folder}/catalogue.sqlite"\n'
        f'[spool]\npath = "{folder}/spool"\n[control]\nsocket = "{folder}/s"\n[agi]\nport = {free_port()}\n'
        f'[ami]\nport = {ami.port}\nsecret = "s3cret"\n[metrics]\nport = {port}\n'
        f'[ari]\nurl = "{ari.url}"\nusername = "cw"\npassword = "s3cret"\n',
        {},
    )
    return Service(settings)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with FakeAmi() as ami, FakeAri() as ari:
        made = service_in(tmp_path, ami, ari, free_port())
        await made.start()
        await made.open_office()
        await eventually(lambda: made.office.health.disks.rooms)
        yield made
        await made.stop()


async def text(service: Service, accept: str = "text/plain") -> str:
    address = f"http://127.0.0.1:{service.settings.metrics.port}/metrics"
    async with aiohttp.ClientSession(headers={"Accept": accept}) as session, session.get(address) as answer:
        assert answer.status == 200
        return await answer.text()


async def scrape(service: Service) -> Samples:
    families = list(parse(await text(service)))
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


async def test_every_family_is_documented_and_named_once(service: Service) -> None:
    families = list(parse(await text(service)))
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    for family in families:
        assert family.name.startswith("callwarden")
        assert family.documentation.endswith(".")
        assert family.type != "unknown"


async def test_a_scraper_that_speaks_openmetrics_is_answered_in_it(service: Service) -> None:
    said = await text(service, "application/openmetrics-text; version=1.0.0")
    assert said.endswith("# EOF\n")
    assert len(list(parse_openmetrics(said))) > 15  # type: ignore[no-untyped-call]


async def test_links_disks_purge_and_catalogue_are_there(service: Service) -> None:
    await eventually(lambda: service.link.state.value == "ready" and service.office.ari.state.value == "ready")
    samples = await scrape(service)
    assert value(samples, "callwarden_link_up", link="ami") == 1
    assert value(samples, "callwarden_link_up", link="ari") == 1
    assert value(samples, "callwarden_disk_free_bytes", holds="vault and spool") > 0
    assert value(samples, "callwarden_purge_next_timestamp_seconds") > time.time()
    assert value(samples, "callwarden_catalogue_up") == 1
    assert value(samples, "callwarden_catalogue_waiting") == 0
    assert value(samples, "callwarden_problems") == 0
    assert value(samples, "callwarden_recorders", state="recording") == 0


async def test_what_happens_is_counted_once_however_often_it_is_saved(service: Service) -> None:
    call = Call(linked_id="1.1", direction=Direction.INBOUND, started=100.0)
    gaps = [Gap(unique_id="1.1", started=100.0, ended=ended, cause="the link was down") for ended in (103.0, 105.0)]
    silent = Suspension(unique_id="1.1", number=1, why="card line", by="PJSIP/202", asked=106.0)
    states = [RecordingState.RECORDING, RecordingState.RECORDING, RecordingState.SUSPENDED]
    recordings = [Recording(unique_id="1.1", linked_id="1.1", state=state, wanted=100.0) for state in states]
    proven = [Suspension(unique_id="1.1", number=1, why="card line", by="x", asked=106.0, confirmed=106.1)] * 2
    facts: list[Fact] = [call, call, *gaps, silent, *proven, *recordings]
    for fact in facts:
        service.office.health.metrics.counting.fact(fact)
    samples = await scrape(service)
    assert value(samples, "callwarden_calls_total", direction="inbound") == 1
    assert value(samples, "callwarden_gap_seconds_total", cause="the link was down") == 5
    assert value(samples, "callwarden_suspensions_total", why="card line") == 1
    assert value(samples, "callwarden_recordings_total", state="recording") == 1


async def test_gates_are_timed_and_those_refused_counted(service: Service) -> None:
    counting = service.office.health.metrics.counting
    clear = do.AnswerStep(1, (("CALLWARDEN_GATE", "clear"),))
    counting.step(ev.Step.CARD_GATE, 0.004, clear)
    counting.step(ev.Step.CARD_GATE, 1.0, do.AnswerStep(2, (("CALLWARDEN_GATE", "refused"),)))
    counting.step(ev.Step.DIVERT, 15.0, None)
    counting.step(ev.Step.INBOUND, 3.0, clear)
    samples = await scrape(service)
    assert value(samples, "callwarden_gate_seconds_bucket", step="card-gate", le="0.005") == 1
    assert value(samples, "callwarden_gate_seconds_count", step="card-gate") == 2
    assert value(samples, "callwarden_gates_refused_total", step="card-gate") == 1
    assert value(samples, "callwarden_gates_refused_total", step="divert") == 1
    assert not [name for name, labels in samples if ("step", "inbound") in labels]


async def test_alarms_are_counted_by_kind(service: Service) -> None:
    service.alarms.sound("gate-refused", "refused", "1.1")
    service.alarms.begin("somewhere", "not well")
    service.alarms.end("somewhere")
    samples = await scrape(service)
    assert value(samples, "callwarden_alarms_total", kind="gate-refused") == 1
    assert value(samples, "callwarden_alarms_open") == 1


async def test_causes_without_end_are_few_labels(service: Service) -> None:
    for number in range(500):
        cause = f"cause {number}"
        service.office.health.metrics.counting.fact(Gap(unique_id=f"1.{number}", started=0.0, ended=1.0, cause=cause))
    samples = await scrape(service)
    assert len([name for name, _ in samples if name == "callwarden_gap_seconds_total"]) == CAUSES + 1
    assert value(samples, "callwarden_gap_seconds_total", cause="other") == 500 - CAUSES


async def test_the_event_loops_lag_is_measured(service: Service) -> None:
    await asyncio.sleep(0.7)
    time.sleep(0.6)  # noqa: ASYNC251 - it is what is measured
    await asyncio.sleep(0.7)
    samples = await scrape(service)
    seen = value(samples, "callwarden_event_loop_lag_seconds_count")
    assert value(samples, "callwarden_event_loop_lag_seconds_bucket", le="0.05") < seen


async def test_a_scrape_is_cheap(service: Service) -> None:
    for number in range(300):
        service.alarms.sound(f"kind-{number % 20}", "said", f"1.{number}")
    begun = time.perf_counter()
    for _ in range(20):
        service.office.health.metrics.registry.collect()
        list(service.office.health.metrics.collect())
    assert (time.perf_counter() - begun) / 20 < 0.02


async def test_a_port_that_is_taken_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with FakeAmi() as ami, FakeAri() as ari:
            service = service_in(tmp_path, ami, ari, taken.getsockname()[1])
            await service.start()
            await service.open_office()
            await eventually(lambda: service.link.state.value == "ready")
            await service.stop()
    assert "metrics: nobody can ask for them" in caplog.text


async def test_port_0_listens_nowhere(tmp_path: Path) -> None:
    async with FakeAmi() as ami, FakeAri() as ari:
        service = service_in(tmp_path, ami, ari, 0)
        await service.start()
        await service.open_office()
        assert service.office.health._server._runner is None
        await service.stop()


async def test_the_external_store_has_its_figures_where_there_is_one(service: Service) -> None:
    assert not [name for name, _ in await scrape(service) if name.startswith("callwarden_archive")]
    archive = settings_from('[archive]\nurl = "s3://bucket"\n', {}).archive
    service.settings = service.settings.model_copy(update={"archive": archive})
    service.office.archiver.counters.sent = 7
    samples = await scrape(service)
    assert samples["callwarden_archive_up", frozenset()] == 1
    assert samples["callwarden_archive_recordings_total", frozenset({("what", "sent")})] == 7
