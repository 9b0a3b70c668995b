"""What is known of one channel's recording: its state, its segments, its suspensions and its gaps.

:mod:`callwarden.core.rows` keeps these, :mod:`callwarden.core.noted` takes in what happened, and
:func:`callwarden.core.orders.tell` advances the state.
"""

import re
from dataclasses import dataclass, field

from callwarden.core.facts import Call, Channel, Gap, Recording, RecordingState, Segment, SegmentState, Suspension

NOT_SAFE_IN_A_FILE_NAME = re.compile(r"[^A-Za-z0-9._-]")
LOST = "somebody else stopped the recorder"
BY_DIALPLAN, BY_DAEMON = "dialplan", "daemon"
STARTED_LATE = "the recorder was being started"
SILENCED_LATE = "the silence was not proven yet"
NOT_RUNNING = "Callwarden was not running"
OUT_OF_SIGHT = "Callwarden could not see Asterisk"
NOT_GROWING = "Asterisk wrote nothing although there was sound"
NO_FILE = "Asterisk reported a recording but wrote no file"

RUNNING = (SegmentState.STARTING, SegmentState.RECORDING, SegmentState.STOPPING)


@dataclass(slots=True)
class Recorder:
    """What is known of one channel's recording.

    ``name`` is the channel's present name; ``missing`` since when and why sound is missing now; ``proof`` the
    number of the latest order to stop: only its proof counts; ``why`` and ``by`` the reason of the next suspension;
    ``row`` its channel's row once that has ended; ``unsure`` whether its answer may not have been seen,
    ``answer_late`` since when it may have been where it was told of late;
    ``end_unseen`` the row of a channel, ``call_unseen`` of a call, whose end nobody saw: the files tell when it
    was; ``nowhere`` the files of recorders that were given up for which the spool was searched, or that were found;
    ``taken_up`` whether it was begun by an earlier daemon; ``unanswered`` whether the start that failed last
    may have succeeded all the same; ``stuck`` whether it was found not to grow.
    """

    unique_id: str
    linked_id: str
    name: str
    wanted: float
    state: RecordingState = RecordingState.WANTED
    answered: float | None = None
    ended: float | None = None
    exempt: str = ""
    segments: list[Segment] = field(default_factory=list)
    suspensions: list[Suspension] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    missing: tuple[float, str] | None = None
    attempts: int = 0
    proof: int = 0
    unproven: bool = False
    why: str = ""
    by: str = ""
    row: Channel | None = None
    unsure: bool = False
    answer_late: float | None = None
    end_unseen: Channel | None = None
    call_unseen: Call | None = None
    nowhere: set[str] = field(default_factory=set)
    taken_up: bool = False
    unanswered: bool = False
    stuck: bool = False

    @property
    def fact(self) -> Recording:
        """Its row."""
        return Recording(
            unique_id=self.unique_id, linked_id=self.linked_id, state=self.state, wanted=self.wanted, reason=self.exempt
        )

    @property
    def running(self) -> int:
        """How many of our own monitors may be running."""
        return sum(segment.state in RUNNING for segment in self.segments)

    @property
    def unclosed(self) -> list[Segment]:
        """Segments whose file was not yet seen closed; one that failed may have a file all the same."""
        return [
            one for one in self.segments
            if one.closed is None and (one.state is not SegmentState.FAILED or one.file not in self.nowhere)
        ]  # fmt: skip


def segment_file(unique_id: str, milliseconds: int) -> str:
    """The name of a segment's file: from the unique id and the time it is asked for, never from what a caller said.

    A comma in it would inject options and a shell command into MixMonitor (asterisk.md 3). In the spool it is ``wav``,
    whatever it is kept as: Asterisk writes 32 kB at a time, which is 2 s of that and 20 s of ``wav49``; those are lost
    with Asterisk or with a full disk, and so long nobody can tell that it writes nothing.
    """
    return f"{NOT_SAFE_IN_A_FILE_NAME.sub('_', unique_id)}-{milliseconds}.wav"


def begun_by(unique_id: str, file: str) -> str:
    """Who started the recorder that writes this file, by its name: the daemon, or else the dialplan."""
    ours = begun(unique_id, file) is not None and f"-{BY_DIALPLAN}" not in file
    return BY_DAEMON if ours else BY_DIALPLAN


def begun(unique_id: str, file: str) -> float | None:
    """When the recorder that writes this file was started: as :func:`segment_file` has it, in milliseconds, or as the
    dialplan does, in seconds (``<unique id>-dialplan<epoch>.wav``)."""
    ours = NOT_SAFE_IN_A_FILE_NAME.sub("_", unique_id) + "-"
    stamp = file.removeprefix(ours).partition(".")[0] if file.startswith(ours) else ""
    if stamp.startswith(BY_DIALPLAN):
        stamp = stamp.removeprefix(BY_DIALPLAN) + "000"
    return int(stamp) / 1000 if stamp.isdecimal() else None
