"""People and roles: who somebody is by the kernel's word, and the table of what each role may."""

import pytest

from callwarden.config.people import Person
from callwarden.control import Peer
from callwarden.custody.people import TABLE, Act, Asker, Role, allowed, asker, refusal

PEOPLE = (
    Person(name="Jas Larh", user="jas", roles=("director", "dpo")),
    Person(name="Viviane Ward", user="4001", roles=("monitor",)),
    Person(name="Ada Min", user="ada", roles=("admin",)),
)
DAEMON = 990


def who(uid: int, user: str) -> Asker:
    return asker(PEOPLE, Peer(1, uid, uid, user), DAEMON)


def test_a_person_is_known_by_their_user_or_its_number() -> None:
    assert who(1000, "jas").who == "Jas Larh (jas)"
    assert who(1000, "jas").roles == {Role.DIRECTOR, Role.DPO}
    assert who(4001, "uid 4001").name == "Viviane Ward"


def test_nobody_else_is_anybody() -> None:
    stranger = who(1001, "mallory")
    assert not stranger.roles
    assert not any(allowed(stranger, act) for act in Act)
    assert "mallory is no person that Callwarden knows" in refusal(stranger, Act.LISTEN)
    assert "director, dpo, monitor" in refusal(stranger, Act.LISTEN)


@pytest.mark.parametrize("uid", [0, DAEMON])
def test_root_and_the_daemons_own_user_run_the_machine_and_hear_nothing(uid: int) -> None:
    machine = who(uid, "root")
    assert machine.roles == {Role.MACHINE}
    assert allowed(machine, Act.OPERATE)
    for act in (Act.LISTEN, Act.APPROVE, Act.REQUEST, Act.RELEASE, Act.HOLD, Act.LIFT_HOLD):
        assert not allowed(machine, act)


def test_no_person_can_be_given_the_machines_role() -> None:
    with pytest.raises(ValueError, match="literal_error"):
        Person(name="Eve", user="eve", roles=("machine",))  # type: ignore[arg-type]


def test_the_table_has_every_act_and_only_the_data_protection_officer_lifts_holds() -> None:
    assert set(TABLE) == set(Act)
    assert TABLE[Act.LIFT_HOLD] == TABLE[Act.RELEASE] == (Role.DPO,)


def test_an_admin_hears_nothing_and_sees_no_numbers() -> None:
    admin = who(5, "ada")
    assert {act for act in Act if allowed(admin, act)} == {
        Act.STATUS, Act.OPERATE, Act.BROWSE, Act.OVERSEE, Act.RETENTION, Act.VERIFY_AUDIT,
    }  # fmt: skip
    assert refusal(admin, Act.LISTEN) == (
        "Ada Min (ada) may not do this (listen) as admin; it is for: director, dpo, monitor."
    )
