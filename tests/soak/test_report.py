"""What a soak tells of itself."""

import io

from rich.console import Console

from soak import report
from soak.plan import Plan
from soak.soaking import Record


def told(record: Record) -> str:
    page = io.StringIO()
    report.show(Console(file=page, width=110), record)
    return page.getvalue()


def test_a_fault_that_the_machine_could_not_have_is_told() -> None:
    plan = Plan(calls=1, faults=1, minutes=1.0, side_by_side=1, longest_talk=1.0, seed=1, version="22", short=True)
    assert "faults this file system cannot have │ none" in told(Record(plan))
    assert "faults this file system cannot have │ spool not writable" in told(
        Record(plan, left_out=["spool not writable"])
    )
