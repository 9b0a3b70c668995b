"""People, roles, and what each may do: one table.

Takes the configured people and who the kernel says is asking (SO_PEERCRED, nothing that a client says); gives an Asker
with its roles, and yes or no. Whoever is no configured person may do nothing; root and the daemon's own user may do
what MACHINE may. Root can read every file of the machine whatever we say: what is refused here is the look of being
allowed, and a way without a record. Only sealed storage keeps root from hearing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from callwarden.config.people import Person
from callwarden.control import Peer


class Role(StrEnum):
    """What somebody is to the recordings. MACHINE is nobody's to have: root and the daemon's own user are it."""

    DIRECTOR = "director"
    DPO = "dpo"
    MONITOR = "monitor"
    ADMIN = "admin"
    MACHINE = "machine"


class Act(StrEnum):
    """What can be done to recordings and to what is known of them."""

    STATUS = "status"
    OPERATE = "operate"  # suspend, resume, purge what is due, reload, prompts, alarms
    BROWSE = "browse"  # what is known of calls and recordings, numbers masked
    OVERSEE = "oversee"  # whether all is accounted for: coverage, alarms, what reconciling found
    BROWSE_NUMBERS = "browse-numbers"  # the same, with numbers and names
    REQUEST = "request"  # ask for recordings
    SEE_REQUESTS = "see-requests"  # those of others, too
    APPROVE = "approve"  # within what custody/requests says of each kind
    LISTEN = "listen"  # with an approved request that covers it
    RELEASE = "release"  # collect, decide, build, hand over
    HOLD = "hold"
    LIFT_HOLD = "lift-hold"
    RETENTION = "retention"  # confirm a change of what is kept how long
    READ_AUDIT = "read-audit"
    VERIFY_AUDIT = "verify-audit"


_DIRECTOR, _DPO, _MONITOR, _ADMIN, _MACHINE = Role
TABLE: dict[Act, tuple[Role, ...]] = {
    # act               who may
    Act.STATUS:         (_DIRECTOR, _DPO, _MONITOR, _ADMIN, _MACHINE),
    Act.OPERATE:        (                           _ADMIN, _MACHINE),
    Act.BROWSE:         (_DIRECTOR, _DPO, _MONITOR, _ADMIN, _MACHINE),
    Act.OVERSEE:        (_DIRECTOR, _DPO,           _ADMIN, _MACHINE),
    Act.BROWSE_NUMBERS: (_DIRECTOR, _DPO,                   _MACHINE),
    Act.REQUEST:        (_DIRECTOR, _DPO, _MONITOR),
    Act.SEE_REQUESTS:   (_DIRECTOR, _DPO),
    Act.APPROVE:        (_DIRECTOR, _DPO),
    Act.LISTEN:         (_DIRECTOR, _DPO, _MONITOR),
    Act.RELEASE:        (           _DPO,),
    Act.HOLD:           (_DIRECTOR, _DPO),
    Act.LIFT_HOLD:      (           _DPO,),
    Act.RETENTION:      (_DIRECTOR, _DPO,           _ADMIN, _MACHINE),
    Act.READ_AUDIT:     (_DIRECTOR, _DPO,                   _MACHINE),
    Act.VERIFY_AUDIT:   (_DIRECTOR, _DPO,           _ADMIN, _MACHINE),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: the user as the kernel knows it, the person behind it (empty for none), its roles."""

    user: str
    name: str
    roles: frozenset[Role]
    uid: int

    @property
    def who(self) -> str:
        """As audit entries and requests name them: ``Jas Larh (jas)``."""
        return f"{self.name} ({self.user})" if self.name else self.user


def asker(people: Iterable[Person], peer: Peer, daemon_uid: int) -> Asker:
    """Who the ``peer`` is. ``daemon_uid`` is the user that the daemon runs as."""
    machine = {Role.MACHINE} if peer.uid in (0, daemon_uid) else set()
    for person in people:
        if person.user in (peer.user, str(peer.uid)):
            return Asker(peer.user, person.name, frozenset(machine | {Role(role) for role in person.roles}), peer.uid)
    return Asker(peer.user, "", frozenset(machine), peer.uid)


def allowed(who: Asker, act: Act) -> bool:
    """Whether any of their roles may."""
    return not who.roles.isdisjoint(TABLE[act])


def refusal(who: Asker, act: Act) -> str:
    """The sentence for somebody who may not."""
    may = ", ".join(str(role) for role in TABLE[act] if role is not Role.MACHINE)
    if not who.roles:
        return (
            f"User {who.user} is no person that Callwarden knows. An administrator names people and their roles as "
            f"[[person]] in the configuration; this is for: {may}."
        )
    roles = ", ".join(sorted(who.roles))
    return f"{who.who} may not do this ({act}) as {roles}; it is for: {may}."
