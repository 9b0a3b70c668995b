"""When and with what the catalogue is compared: Asterisk's own call detail records (CDRs), and the disk."""

from typing import Annotated, Literal

from pydantic import Field

from callwarden.config import kinds as kind
from callwarden.config.section import LISTED, Section


class Reconcile(Section):
    """The nightly comparison of the catalogue with Asterisk's own call detail records and with the disk."""

    schedule: kind.Schedule = "30 4 * * *"
    """Minute, hour, day, month, day of the week (mon to sun); local time. After the purge."""
    cdr: Annotated[tuple[kind.AnyPath, ...], LISTED] = ()
    """Files that Asterisk writes call detail records into: those of cdr_csv (/var/log/asterisk/cdr-csv/Master.csv), or
    the database of cdr_sqlite3_custom (/var/log/asterisk/master.db). Callwarden's user must be able to read them. Name
    a file that was rotated away too. Empty: only the disk is compared."""
    csv_times: Literal["utc", "local"] = "utc"
    """As cdr.conf has it: `utc` for usegmtime=yes, as its sample says, `local` without."""
    table: kind.Name = "cdr"
    """The table in the database of cdr_sqlite3_custom."""
    days: Annotated[int, Field(ge=1, le=3660)] = 7
    """How far back a nightly comparison looks at calls; names of files are always compared for all days."""
    grace: Annotated[float, Field(ge=0, le=86400)] = 900
    """Seconds for which a call must be over before it is compared: Asterisk may write its records in batches, five
    minutes late."""
