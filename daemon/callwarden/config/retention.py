"""How long recordings are kept: the general period, and rules for some calls."""

from typing import Annotated, Literal

from callwarden.config import kinds as kind
from callwarden.config.section import LISTED, Section
from callwarden.core.period import Period


class RetentionRule(Section):
    """A period of its own for some calls. All that is given must fit; of several rules that fit a call the one that
    keeps it longest counts, and `keep` above only where none fits."""

    name: kind.Name
    """What reports and tombstones call it."""
    keep: kind.KeptFor
    """As above; it may be shorter."""
    direction: Literal["", "inbound", "outbound", "internal"] = ""
    """Calls of this direction only."""
    did: kind.OptionalNumber = ""
    """Calls from outside to this number of ours only, in any spelling."""
    extension: kind.OptionalExtension = ""
    """Calls in which this phone took part only."""
    request: Literal[
        "",
        "training",
        "complaint",
        "dispute",
        "subject-access",
        "law-enforcement",
        "disciplinary",
        "regulator",
    ] = ""
    """Calls that an approved request of this kind covers only."""


class Retention(Section):
    """How long recordings are kept. What shortens it counts from the next day on, and not before 24 hours have
    passed, unless `callwarden retention confirm` says at once; `callwarden retention preview` shows what it does."""

    keep: kind.KeptFor = Period(6, "month")
    """Days, weeks, months or years from the end of the call, counted on the calendar. Six months is
    what the policies say."""
    rule: Annotated[tuple[RetentionRule, ...], LISTED] = ()
