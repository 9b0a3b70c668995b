"""The daemon: receive, decide, perform. The only place where an action of the core becomes a deed.

``receive`` takes an event from any edge, lets the core decide, and performs what it says before the next event is
looked at. Performing never waits: what comes of it arrives as another event. Stopping the daemon stops no recorder:
live calls go on being recorded, and the next start adopts them.

Calls wait for a start, so this imports only what they need. What people need is the back office's, which opens next.
"""

import asyncio
import logging
import os
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from callwarden import __version__, logs, narrative
from callwarden.alarms import Alarms
from callwarden.asterisk.agi import AgiServer
from callwarden.asterisk.ami import ActionFailed, AmiLink, LinkState
from callwarden.asterisk.monitors import Monitors, outcome
from callwarden.asterisk.snapshot import take
from callwarden.asterisk.steps import Steps
from callwarden.asterisk.translate import Translator
from callwarden.asterisk.wire import Headers
from callwarden.clock import Clock
from callwarden.config import Settings
from callwarden.control import ControlServer
from callwarden.core import actions as do
from callwarden.core import events as ev
from callwarden.core.facts import Fact
from callwarden.core.warden import Warden, unexpected
from callwarden.custody import audit
from callwarden.growth import Growth
from callwarden.health.uncounted import Uncounted
from callwarden.left_behind import LeftBehind
from callwarden.priority import ahead, step_ahead
from callwarden.pulse import Pulse
from callwarden.reloading import reload
from callwarden.storage.keeper import Keeper
from callwarden.storage.spool import Spool

if TYPE_CHECKING:
    from callwarden.answers import Reloaded
    from callwarden.back_office import BackOffice

log = logging.getLogger(__name__)

SNAPSHOT_RETRY_SECONDS = 1.0
# What calls do not wait for at a start; the loop would stand still while it imported them where they are needed first.
THE_REST = ("callwarden.storage.finishing", "callwarden.alarms.ways", "callwarden.back_office")


class Service:
    """One daemon, from :meth:`start` to :meth:`stop`."""

    def __init__(self, settings: Settings, config: str = "") -> None:
        self.settings, self.config = settings, config
        self.pid = os.getpid()
        self.since = time.time()
        self.link_why = ""
        self.reload: Callable[[], Reloaded] | None = None
        """Reads the configuration again, where somebody gave one."""
        self.warden = Warden(settings)
        self._inbox: deque[ev.Event] = deque()
        self._deciding = False
        self._seeing = asyncio.Event()
        self._connections = 0
        self._office: BackOffice | None = None
        self._opened = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.translator = Translator()
        self.clock = Clock(self.receive)
        self.alarms = Alarms(settings.alarms)
        self.link = AmiLink(
            settings.ami.host,
            settings.ami.port,
            settings.ami.username,
            settings.ami.secret.get_secret_value(),
            on_event=self._ami_event,
            on_state=self._ami_state,
            on_delay=lambda since, until: self.receive(ev.NewsDelayed(until, since)),
        )
        self.monitors = Monitors(
            self.link,
            settings.spool.asterisk_path or str(settings.spool.path),
            settings.recording.beep_every,
            self.receive,
            self.translator.expect_monitor,
        )
        self.keeper = Keeper(settings, self.receive, self.alarms)
        self.spool = Spool(settings.spool.path, self.receive)
        self.left_behind = LeftBehind(self.link, self.keeper, self.spool, self.warden.book, self.receive, self.alarms)
        self.counting = Uncounted()
        self.steps = Steps(self.receive, self._sound, self.keeper.prompt_hash, self.counting.step)
        self.growth = Growth(self.link, settings.spool.path, self.warden.book, self.receive)
        self.agi = AgiServer(
            self.steps.handlers(),
            listen=settings.agi.listen,
            port=settings.agi.port,
            allow=[ip_network(address, strict=False) for address in settings.agi.allow],
        )
        self.pulse = Pulse(settings.spool.path, lambda: not self.warden.book.blind)
        self.control = ControlServer(settings.control.socket, settings.control.group, {})

    # -- start and stop -------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open all that calls need. Raises what makes running pointless: no spool, no catalogue, a port that is taken.

        Asterisk comes last, for the rows of all its calls are then written ahead of any other question. Whoever asks
        on the control socket waits for the back office.
        """
        for event in await self.keeper.start():
            self.receive(event)
        self.spool.start()
        await self.agi.start()
        self.control.listen()
        await self._enter_start()
        self.link.start()
        self.go(self.pulse.run())
        self.go(self.left_behind.run())
        self.go(self.growth.run())

    async def ready(self) -> None:
        """Return once the first snapshot is taken: from then on every call is looked after."""
        await self._seeing.wait()

    async def open_office(self) -> None:
        """Do all the rest, beside the calls. Raises what makes running pointless.

        Importing it takes half a second of CPU of a thread. That is ahead of others, for while it has the interpreter
        the loop has not: kept from the CPU then, it kept gates waiting for 0.1 s (measured).
        """
        with ThreadPoolExecutor(1, "back-office", initializer=step_ahead) as thread:
            await asyncio.get_running_loop().run_in_executor(thread, _import_the_rest)
        from callwarden.back_office import BackOffice

        await self.alarms.start(self.keeper.on_catalogue)
        opened_with = self.settings
        self._office = BackOffice(self)
        await self._office.open()
        self._opened.set()
        if self.settings is not opened_with:
            self._office.apply()

    @property
    def office(self) -> "BackOffice":
        """Once it is open."""
        assert self._office is not None
        return self._office

    def apply(self, settings: Settings) -> None:
        """Go on with other settings: everything that decides looks at them each time it decides."""
        changed = [*reload(self.settings, settings).applied]
        self.settings = self.warden.book.settings = self.keeper.settings = settings
        self.link.credentials(settings.ami.username, settings.ami.secret.get_secret_value())
        self.monitors.beep_every = settings.recording.beep_every
        self.go(self.keeper.enter(audit.DAEMON, "configuration", "", changed=changed))
        self.go(self.alarms.apply(settings.alarms))
        if self._opened.is_set():
            self.office.apply()

    async def stop(self) -> None:
        """Close everything, finish what is being written; recorders and calls go on in Asterisk."""
        await self.control.stop()
        if self._office is not None:
            await self._office.close()
        await self.agi.stop()
        await self.link.stop()
        if self._office is not None:  # a whisper ends with the daemon, not before the steps of its call
            await self._office.ari.stop()
        await self.spool.stop()
        self.clock.stop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.alarms.stop()
        await self.keeper.stop()

    # -- receive, decide, perform ---------------------------------------------------------------------------------

    def receive(self, event: ev.Event) -> None:
        """Take an event from any edge. Events that performing gives rise to wait for their turn."""
        self._inbox.append(event)
        if self._deciding:
            return
        self._deciding = True
        try:
            while self._inbox:
                self._decide(self._inbox.popleft())
        finally:
            self._deciding = False

    def _decide(self, event: ev.Event) -> None:
        try:
            actions = self.warden.decide(event)
        except Exception:
            log.exception("an event %s could not be decided", type(event).__name__)
            return
        for action in actions:
            try:
                self.perform(action)
            except Exception:  # one order that cannot be carried out is no reason to drop those behind it
                log.exception("an action %s could not be performed", type(action).__name__)

    def perform(self, action: do.Action) -> None:
        """Do one thing that the core decided."""
        match action:  # what comes most often first: each is compared in turn
            case do.Save():
                self.keeper.save(action.fact)
                self._tell(action.fact)
            case do.StartRecorder():
                self.monitors.start(action)
            case do.StopRecorders():
                self.monitors.stop(action)
            case do.AnswerStep():
                self.steps.answer(action)
            case do.Whisper():
                self.go(self._whisper(action))
            case do.RedirectChannel():
                self._redirect(action)
            case do.InspectFiles():
                for file in action.files:
                    self.spool.inspect(file, action.missing_only)
            case do.SetTimer():
                self.clock.set(action)
            case do.CancelTimer():
                self.clock.cancel(action.key)
            case do.FinishRecording():
                self.keeper.finish(action)
            case do.Report():
                self._tell(action.fact)
            case do.ReplyToOperator():
                self.office.desk.reply(action)
            case do.RaiseAlarm():
                self.alarms.sound(action.kind, action.text, action.unique_id)
            case _:
                unexpected(action)

    def _tell(self, fact: Fact) -> None:
        """The life of each call, in a few lines of the log; and counted. What is never told is not counted either."""
        if isinstance(fact, narrative.QUIET):
            return
        self.counting.fact(fact)
        told = narrative.sentence(fact)
        if told:
            log.info(told, extra=logs.about(narrative.call_of(fact), narrative.channel_of(fact)))

    # -- edges ----------------------------------------------------------------------------------------------------

    def _ami_event(self, headers: Mapping[str, str], at: float) -> None:
        assert isinstance(headers, Headers)
        for event in self.translator.translate(headers, at):
            self.receive(event)

    def _ami_state(self, state: LinkState, why: str) -> None:
        self.link_why = why
        if state is LinkState.READY:
            self._connections += 1
            self.go(self._take_snapshot(self._connections))
        elif state in (LinkState.DOWN, LinkState.REFUSED):
            self.receive(ev.LinkLost(time.time(), why))

    async def _take_snapshot(self, connection: int) -> None:
        """Until it succeeds or this connection is gone: without a snapshot nothing may be decided. The next connection
        takes its own, once."""
        with ahead(self.keeper.writer.thread_id):  # the snapshot waits for it
            await self.left_behind.take_in()
        while self.link.state is LinkState.READY and connection == self._connections:
            try:
                events = await take(self.link, self.translator)
            except ActionFailed as error:
                log.warning("no snapshot of Asterisk: %s", error)
                await asyncio.sleep(SNAPSHOT_RETRY_SECONDS)
            else:
                for event in events:
                    self.receive(event)
                self.pulse.beat()
                self._seeing.set()
                return

    def _redirect(self, action: do.RedirectChannel) -> None:
        self.link.send(
            {
                "Action": "Redirect",
                "Channel": action.name,
                "Context": action.context,
                "Exten": action.exten,
                "Priority": "1",
            },
            then=lambda reply: self._redirected(action, outcome(reply)[1]),
        )

    def _redirected(self, action: do.RedirectChannel, trouble: str) -> None:
        if trouble:
            self.receive(ev.RedirectFailed(time.time(), action.unique_id, trouble))

    async def _whisper(self, action: do.Whisper) -> None:
        await self._opened.wait()
        sha256 = self.keeper.prompt_hash(action.prompt, action.language)
        media = "sound:" + self._sound(action.prompt, action.language)
        self.receive(ev.AnnouncementStarted(time.time(), action.unique_id, action.number, sha256))
        result = await self.office.ari.whisper(action.unique_id, media)
        ended = ev.AnnouncementFinished(time.time(), action.unique_id, action.number, result.complete, result.reason)
        self.receive(ended)

    def _sound(self, prompt: str, language: str) -> str:
        return f"{self.settings.announce.sounds}/{language}/{prompt}"

    async def _enter_start(self) -> None:
        """Into the audit chain, with who had which role."""
        people = {person.user: [person.name, *person.roles] for person in self.settings.person}
        detail = {"version": __version__, "config": self.config, "people": people}
        await self.keeper.enter(audit.DAEMON, "start", "", **detail)

    def go(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something until it ends or the daemon does."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._gone)

    def _gone(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a task failed", exc_info=task.exception())


def _import_the_rest() -> None:
    for name in THE_REST:
        import_module(name)
