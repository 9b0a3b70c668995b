"""A request is not a fact: Asterisk says Success where it can write nothing, and Callwarden looks for the file."""

import time

from proof import settled, wait_until

from callwarden.core.facts import RecordingState
from callwarden.core.recorder import NO_FILE
from callwarden.core.spans import Kind
from lab.lab import Lab

NOWHERE = "/proc/callwarden"  # a place where Asterisk can make no directory, and answers Success all the same


def test_a_recording_that_is_not_written_is_an_alarm_and_a_gap_with_its_cause(brisk_lab: Lab) -> None:
    brisk_lab.configure({"spool.asterisk_path": NOWHERE})
    logged, since = brisk_lab.daemon.log.stat().st_size, time.time()
    caller = brisk_lab.world.ring_in("02079460001").wait_answered()
    wait_until(lambda: b"nothing-written" in brisk_lab.daemon.log.read_bytes()[logged:])
    assert time.time() - since < 5
    time.sleep(2)
    caller.hang_up()
    account = settled(brisk_lab, since)
    said = brisk_lab.daemon.log.read_text()[logged:].count("ALARM nothing-written")
    assert said == 2, "one alarm for each of the two channels, however often it was tried again"
    for leg in account.legs:
        assert leg.found is not None
        assert leg.found.recording.state in (RecordingState.DISCARDED, RecordingState.MISSING)
        assert {span.kind for span in leg.spans} == {Kind.GAP}
        assert NO_FILE in {span.why for span in leg.spans}
