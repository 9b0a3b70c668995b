"""What the log says of a call: each thing once, with the numbers masked."""

from dataclasses import replace

import pytest

from callwarden.core.facts import Announcement, Call, Direction, Fact, Gap, PlayedBy, Segment, SegmentState, Suspension
from callwarden.narrative import sentence

CALL = Call(
    linked_id="1.1", direction=Direction.INBOUND, started=100.0, caller_number="07700900123",
    called_number="02079460001",
)  # fmt: skip
SILENT = Suspension(unique_id="1.1", number=1, why="card line", by="PJSIP/202", asked=110.0)
TOLD = Announcement(
    unique_id="1.1", number=1, prompt="inbound", language="en", sha256="", played_by=PlayedBy.DAEMON, started=100.0
)


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (CALL, "inbound call from ***123 to ***001"),
        (replace(CALL, answered=101.0), ""),
        (replace(CALL, answered=101.0, ended=142.0), "call ended after 42 s"),
        (SILENT, ""),
        (
            replace(SILENT, confirmed=110.0013, how="no recorder is left"),
            "silent: card line by PJSIP/202, proven after 1.3 ms (no recorder is left)",
        ),
        (replace(SILENT, confirmed=110.001, ended=131.5), "recording goes on after 21.5 s (card line)"),
        (TOLD, ""),
        (replace(TOLD, finished=106.0, complete=True), "told en/inbound (daemon), heard to the end"),
        (replace(TOLD, finished=102.0, reason="hung up"), "told en/inbound (daemon), heard not to the end (hung up)"),
        (Gap(unique_id="1.1", started=1.0, ended=3.5, cause="disk full"), "gap of 2.5 s: disk full"),
        (Segment(file="a.wav", unique_id="1.1", number=1, state=SegmentState.RECORDING, asked=1.0), ""),
    ],
)
def test_each_thing_is_told_once(fact: Fact, expected: str) -> None:
    assert sentence(fact) == expected
