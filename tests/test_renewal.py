"""Recorders are begun anew where they would lose a voice, and nowhere else."""

import pytest

from callwarden.core.events import MusicStarted, MusicStopped
from callwarden.core.renewal import WAITED_SECONDS
from callwarden.core.silence import RENEW_SECONDS, RENEWED
from scenes import Scene


def renewed(scene: Scene, who: str) -> int:
    return sum(one.why == RENEWED for one in scene.book.recorders[who].suspensions)


def transferred(scene: Scene, *, through_local: bool = False) -> list[str]:
    """A phone hands the caller it talks with over to another."""
    scene.talking()
    scene.alone("with-trunk-1", "202-1", "trunk-1")
    scene.channel("PJSIP/203-1", call="trunk-1")
    scene.up("203-1")
    scene.together("new", "203-1")
    if not through_local:
        return scene.together("new", "trunk-1")
    for half in (";1", ";2"):
        scene.channel(f"Local/203@x-1{half}", call="trunk-1")
    scene.book.calls.pair("203@x-1;1", "203@x-1;2")
    scene.together("new", "203@x-1;2")
    return scene.together("with-trunk-1", "trunk-1", "203@x-1;1")


def optimised(scene: Scene) -> list[str]:
    scene.alone("with-trunk-1", "trunk-1")
    scene.alone("new", "203@x-1;2")
    orders = scene.together("new", "trunk-1")
    scene.gone("203@x-1;1", "203@x-1;2")
    return orders + scene.after(1.0)


def test_the_first_party_is_met_without_a_new_segment() -> None:
    scene = Scene()
    scene.talking()
    assert [renewed(scene, who) for who in ("trunk-1", "202-1")] == [0, 0]


def test_another_party_is_met_by_a_new_segment() -> None:
    scene = Scene()
    assert transferred(scene) == ["stop trunk-1"]
    assert scene.after(RENEW_SECONDS + 0.1) == ["start trunk-1"]


def test_whoever_came_with_a_local_channel_is_begun_anew_when_that_is_gone() -> None:
    scene = Scene()
    transferred(scene, through_local=True)
    scene.after(1.0)
    before = renewed(scene, "trunk-1")
    orders = optimised(scene)
    assert orders == ["stop trunk-1", "start trunk-1"]
    assert renewed(scene, "trunk-1") == before + 1


def test_a_local_channel_at_the_beginning_of_a_call_costs_nothing() -> None:
    scene = Scene()
    scene.channel("PJSIP/trunk-1")
    for half in (";1", ";2"):
        scene.channel(f"Local/203@x-1{half}", call="trunk-1")
    scene.book.calls.pair("203@x-1;1", "203@x-1;2")
    scene.channel("PJSIP/203-1", call="trunk-1")
    scene.up("203-1", "trunk-1")
    scene.together("new", "203-1", "203@x-1;2")
    scene.together("with-trunk-1", "trunk-1", "203@x-1;1")
    assert "stop trunk-1" not in optimised(scene)
    assert renewed(scene, "203-1") == 0


def test_of_two_who_talk_one_is_begun_anew_after_the_other() -> None:
    """So that every moment is in one recording."""
    scene = Scene()
    scene.talking()
    scene.talking("PJSIP/trunk-2", "PJSIP/203-1")
    scene.alone("with-trunk-1", "trunk-1")
    scene.alone("with-trunk-2", "203-1")
    assert scene.together("with-trunk-1", "203-1") == ["stop 203-1"]
    assert scene.after(1.0) == ["start 203-1", "stop 202-1", "start 202-1"]


@pytest.mark.parametrize("scope", ["each-channel", "one-per-call"])
def test_who_heard_music_before_the_first_party_is_begun_anew(scope: str) -> None:
    scene = Scene(recording__scope=scope)
    scene.channel("PJSIP/trunk-1")
    scene.happen(MusicStarted(scene.now, "trunk-1"))
    scene.after(3.0)
    scene.happen(MusicStopped(scene.now, "trunk-1"))
    scene.channel("PJSIP/202-1", call="trunk-1")
    scene.up("202-1", "trunk-1")
    assert "stop trunk-1" in scene.together("b", "202-1", "trunk-1")
    scene.after(1.0)
    assert scene.recorded("trunk-1")
    assert renewed(scene, "trunk-1") == 1


def test_who_was_held_with_music_is_begun_anew_when_it_stops() -> None:
    scene = Scene()
    scene.talking()
    assert scene.happen(MusicStarted(scene.now, "trunk-1")) == []
    scene.after(600.0)
    assert scene.happen(MusicStopped(scene.now, "trunk-1")) == ["stop trunk-1"]
    assert scene.after(1.0) == ["start trunk-1"]
    assert scene.happen(MusicStopped(scene.now, "trunk-1")) == []


def test_music_on_a_channel_that_nobody_knows_is_nothing() -> None:
    scene = Scene()
    assert scene.happen(MusicStarted(scene.now, "ghost")) == []
    assert scene.happen(MusicStopped(scene.now, "ghost")) == []


@pytest.mark.parametrize("scope", ["each-channel", "one-per-call"])
def test_who_waited_after_the_answer_may_have_heard_a_prompt(scope: str) -> None:
    """Where both channels are recorded the other one has both sides."""
    scene = Scene(recording__scope=scope)
    scene.channel("PJSIP/trunk-1")
    scene.up("trunk-1")
    scene.after(WAITED_SECONDS + 0.1)
    scene.channel("PJSIP/202-1", call="trunk-1")
    scene.up("202-1")
    assert ("stop trunk-1" in scene.together("b", "202-1", "trunk-1")) == (scope == "one-per-call")
