"""How things are, gathered when Prometheus asks: nothing is kept up to date for a scrape that never comes.

Takes the service, gives metric families; the names are a promise to dashboards. Of calls and people there is nothing
but numbers of them.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from callwarden import __version__
from callwarden.asterisk.ami import LinkState
from callwarden.asterisk.ari import AriState
from callwarden.core.facts import RecordingState
from callwarden.health.counting import Counting
from callwarden.health.disks import Disks
from callwarden.health.problems import problems

if TYPE_CHECKING:
    from callwarden.back_office import BackOffice

LIVE = (
    RecordingState.WANTED, RecordingState.STARTING, RecordingState.RECORDING, RecordingState.SUSPENDING,
    RecordingState.SUSPENDED, RecordingState.FAILED, RecordingState.CLOSING, RecordingState.CLOSED,
)  # fmt: skip


class Metrics(Collector):
    """``registry`` has what is counted and what is gathered."""

    def __init__(self, office: "BackOffice", disks: Disks) -> None:
        self._office, self._service, self._disks = office, office.service, disks
        self.registry = CollectorRegistry()
        self.counting = Counting(self.registry)
        self.registry.register(self)

    def describe(self) -> Iterator[Metric]:
        """Nothing to say before the service has started."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Called by the library for each scrape, in the event loop."""
        yield InfoMetricFamily("callwarden", "The daemon.", {"version": __version__})
        yield from self._calls()
        yield from self._links()
        yield from self._rooms()
        yield from self._purge()
        yield from self._catalogue()
        yield from self._archive()
        yield from self._alarms()
        wrong = problems(self._office)
        yield gauge("callwarden_problems", "What is wrong now, as `callwarden status` says.", len(wrong))

    def _calls(self) -> Iterator[Metric]:
        book = self._service.warden.book
        yield gauge("callwarden_calls_up", "Calls that are up.", len(book.facts))
        states = Counter(recorder.state for recorder in book.recorders.values())
        family = GaugeMetricFamily("callwarden_recorders", "Recordings under way, by state.", labels=["state"])
        for state in LIVE:
            family.add_metric([str(state)], states[state])
        yield family
        yield gauge("callwarden_gates_open", "Hand-overs that wait for their proof.", len(book.gates))

    def _links(self) -> Iterator[Metric]:
        family = GaugeMetricFamily("callwarden_link_up", "1 while Asterisk is connected by it.", labels=["link"])
        family.add_metric(["ami"], self._service.link.state is LinkState.READY)
        family.add_metric(["ari"], self._office.ari.state is AriState.READY)
        yield family

    def _rooms(self) -> Iterator[Metric]:
        rooms = self._disks.rooms
        free = GaugeMetricFamily("callwarden_disk_free_bytes", "Room for recordings.", labels=["holds"])
        days = GaugeMetricFamily(
            "callwarden_disk_days", "For how long that will do at the rate of the last week.", labels=["holds"]
        )
        for room in rooms:
            free.add_metric([room.holds], room.free)
            if room.days is not None:
                days.add_metric([room.holds], room.days)
        yield free
        yield days

    def _purge(self) -> Iterator[Metric]:
        housekeeping = self._office.housekeeping
        if housekeeping.last_purge is not None:
            told = "When the last purge was done, in epoch seconds."
            yield gauge("callwarden_purge_last_success_timestamp_seconds", told, housekeeping.last_purge)
        if housekeeping.next_purge is not None:
            told = "When the next purge is due, in epoch seconds."
            yield gauge("callwarden_purge_next_timestamp_seconds", told, housekeeping.next_purge)
        told = "What the last purge could not do."
        yield gauge("callwarden_purge_problems", told, housekeeping.last_problems)

    def _catalogue(self) -> Iterator[Metric]:
        state = self._service.keeper.writer.state
        yield gauge("callwarden_catalogue_waiting", "Facts that wait to be written.", state.waiting)
        lost = CounterMetricFamily("callwarden_catalogue_lost", "Facts that could not be kept.")
        lost.add_metric([], state.lost)
        yield lost
        busy = self._service.keeper.writer.busy_for
        yield gauge("callwarden_catalogue_busy_seconds", "How long the writer's present work has lasted.", busy)
        yield gauge("callwarden_catalogue_up", "1 while the catalogue can be written.", not state.problem)

    def _archive(self) -> Iterator[Metric]:
        archiver = self._office.archiver
        if not self._service.settings.archive.url:
            return
        yield gauge("callwarden_archive_up", "1 while the external store can be used.", not archiver.away)
        family = CounterMetricFamily("callwarden_archive_recordings", "What was done there.", labels=["what"])
        for what, count in asdict(archiver.counters).items():
            if what != "sent_bytes":
                family.add_metric([what], count)
        yield family
        sent = CounterMetricFamily("callwarden_archive_sent_bytes", "What was sent to the external store.")
        sent.add_metric([], archiver.counters.sent_bytes)
        yield sent

    def _alarms(self) -> Iterator[Metric]:
        alarms = self._service.alarms
        family = CounterMetricFamily("callwarden_alarms", "Alarms since the start, by kind.", labels=["kind"])
        for kind, count in sorted(alarms.counts.items()):
            family.add_metric([kind], count)
        yield family
        yield gauge("callwarden_alarms_open", "Alarms that nobody has acknowledged.", len(alarms.open))


def gauge(name: str, told: str, value: float) -> GaugeMetricFamily:
    """One without labels."""
    return GaugeMetricFamily(name, told, value=float(value))
