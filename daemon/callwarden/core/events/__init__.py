"""What happened: everything the core is ever told, each with its time (UTC epoch seconds).

Twin of :mod:`callwarden.core.actions`. Names are past participles. Channels are named by their unique id, which
survives transfers and masquerades; the channel's name is only carried where Asterisk wants it back.
"""

from callwarden.core.events.answers import (
    AnnouncementFinished,
    AnnouncementStarted,
    RecordersProvenStopped,
    RecordersStopUnproven,
    RecorderStarted,
    RecorderStartFailed,
    RecorderStuck,
    RecordingDiscarded,
    RecordingStored,
    RecordingStoreFailed,
    RedirectFailed,
    SegmentFileClosed,
    ToldByDialplan,
    WhispersPossible,
)
from callwarden.core.events.seen import (
    BridgeEntered,
    BridgeLeft,
    CallerIdentified,
    ChannelAnswered,
    ChannelCreated,
    ChannelHungUp,
    ChannelRemembered,
    ChannelRenamed,
    DialBegun,
    ForeignRecorderStarted,
    LinkedIdChanged,
    LinkLost,
    LocalPaired,
    MusicStarted,
    MusicStopped,
    NewsDelayed,
    SnapshotTaken,
    TrunksRemembered,
)
from callwarden.core.events.wishes import (
    ResumptionOrdered,
    Step,
    StepAsked,
    SuspensionOrdered,
    TimerExpired,
)

Event = (
    ChannelCreated
    | ChannelAnswered
    | ChannelRenamed
    | CallerIdentified
    | LinkedIdChanged
    | ChannelHungUp
    | BridgeEntered
    | BridgeLeft
    | LocalPaired
    | DialBegun
    | MusicStarted
    | MusicStopped
    | ForeignRecorderStarted
    | ChannelRemembered
    | TrunksRemembered
    | SnapshotTaken
    | LinkLost
    | NewsDelayed
    | RecorderStarted
    | RecorderStartFailed
    | RecordersProvenStopped
    | RecordersStopUnproven
    | RecorderStuck
    | SegmentFileClosed
    | RecordingStored
    | RecordingDiscarded
    | RecordingStoreFailed
    | RedirectFailed
    | AnnouncementStarted
    | AnnouncementFinished
    | WhispersPossible
    | ToldByDialplan
    | StepAsked
    | SuspensionOrdered
    | ResumptionOrdered
    | TimerExpired
)

__all__ = [
    "AnnouncementFinished",
    "AnnouncementStarted",
    "BridgeEntered",
    "BridgeLeft",
    "CallerIdentified",
    "ChannelAnswered",
    "ChannelCreated",
    "ChannelHungUp",
    "ChannelRemembered",
    "ChannelRenamed",
    "DialBegun",
    "Event",
    "ForeignRecorderStarted",
    "LinkLost",
    "LinkedIdChanged",
    "LocalPaired",
    "MusicStarted",
    "MusicStopped",
    "NewsDelayed",
    "RecorderStartFailed",
    "RecorderStarted",
    "RecorderStuck",
    "RecordersProvenStopped",
    "RecordersStopUnproven",
    "RecordingDiscarded",
    "RecordingStoreFailed",
    "RecordingStored",
    "RedirectFailed",
    "ResumptionOrdered",
    "SegmentFileClosed",
    "SnapshotTaken",
    "Step",
    "StepAsked",
    "SuspensionOrdered",
    "TimerExpired",
    "ToldByDialplan",
    "TrunksRemembered",
    "WhispersPossible",
]
