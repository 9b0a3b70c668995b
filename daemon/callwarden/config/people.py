"""Who is who, how long an approval counts, the audit chain's head, and the scrub."""

from typing import Annotated, Literal

from pydantic import Field

from callwarden.config import kinds as kind
from callwarden.config.section import LISTED, Section
from callwarden.core.period import Period


class Person(Section):
    """Somebody who has to do with the recordings: a name, the user they log in as on this machine, and their roles.
    What each role may do is one table in the README. Who asks is known from the kernel, so nobody shares a user."""

    name: kind.PersonName
    """As records and audit entries name them."""
    user: kind.User
    """The operating system's user; or its number, in quotes."""
    roles: Annotated[tuple[Literal["director", "dpo", "monitor", "admin"], ...], LISTED] = ()
    """`dpo` (data protection officer) and `director` approve requests, `monitor` listens with an approved one, `admin`
    runs the machine and hears nothing."""


class Requests(Section):
    """No recording is heard without an approved request that covers it."""

    approval_lasts: kind.KeptFor = Period(14, "day")
    """How long an approval counts, unless the approver says otherwise. Then a new request is needed."""


class Audit(Section):
    """The chain of everything that was done, and where its head is kept."""

    head: kind.OptionalPath = ""
    """The file with the number and hash of the last entry, outside of the catalogue: it tells when the end of the chain
    was cut off. Empty: `audit-head` beside the vault."""
    schedule: kind.Schedule = "0 7 * * *"
    """When `head_command` is run; local time."""
    head_command: Annotated[tuple[str, ...], LISTED] = ()
    """A program and its arguments that are given the head on standard input each day, to print, mail or sign it:
    ["/usr/bin/mail", "-s", "Callwarden audit head", "dpo@example.org"]. None: the file alone."""


class Scrub(Section):
    """Every recording is read again now and then, to see that it is still what was stored."""

    schedule: kind.Schedule = "30 3 * * sat"
    """When to begin; a scrub that is not done goes on after a restart."""
    megabytes_per_second: Annotated[float, Field(gt=0, le=10_000)] = 5.0
    """Slow on purpose: calls and the disk they are written to come first."""
