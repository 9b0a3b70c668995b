"""When something that is done on schedule is due: a cron expression in local time, exactly once a night.

On the night when the clocks go back, an hour comes twice; APScheduler 3.11 runs what is due in it twice (measured).
Here the second time is left out. On the night when they go forward, what is due in the hour that is not there is run
an hour later by the clock, which is when it would have been (measured).
"""

from datetime import datetime, tzinfo

from apscheduler.triggers.cron import CronTrigger


class Nightly(CronTrigger):  # type: ignore[misc]
    """A CronTrigger that knows no hour twice."""

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        found: datetime | None = super().get_next_fire_time(previous, now)
        while found is not None and found.fold:
            found = super().get_next_fire_time(found, found)
        return found


def trigger(crontab: str, zone: tzinfo | None = None) -> Nightly:
    """Of five fields, in the machine's own time zone unless another is given."""
    made: Nightly = Nightly.from_crontab(crontab, timezone=zone)
    return made
