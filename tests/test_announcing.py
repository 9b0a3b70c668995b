"""Who is told that the call is recorded, once, and what is kept of it."""

from callwarden.core import actions as do
from callwarden.core.events import (
    AnnouncementFinished,
    AnnouncementStarted,
    Step,
    ToldByDialplan,
    WhispersPossible,
)
from callwarden.core.facts import Announcement, Call, Channel, Told
from scenes import Scene


def told(scene: Scene, who: str) -> list[Announcement]:
    return scene.catalogue.of(Announcement, who)


def test_a_caller_is_told_before_being_connected_and_the_catalogue_knows_what_was_heard() -> None:
    scene = Scene()
    scene.channel("PJSIP/trunk-1", exten="02079460001")
    assert scene.asks(Step.INBOUND, "trunk-1") == ["answer trunk-1 done after inbound"]
    scene.after(1.0)
    [one] = told(scene, "trunk-1")
    assert (one.prompt, one.language, one.sha256, one.played_by) == ("inbound", "en", "hash", "daemon")
    assert one.complete
    assert one.finished is not None
    assert one.finished > one.started


def test_nobody_is_told_twice() -> None:
    scene = Scene()
    scene.talking()
    assert scene.asks(Step.INBOUND, "trunk-1") == ["answer trunk-1 done"]
    scene.alone("with-trunk-1", "trunk-1")
    assert scene.together("with-trunk-1", "trunk-1") == []


def test_plumbing_that_is_told_has_a_row_that_ends_and_accounts_for_nothing() -> None:
    scene = Scene()
    scene.channel("Local/201@office-1;1")
    scene.channel("Local/201@office-1;2", call="201@office-1;1")
    assert scene.asks(Step.INBOUND, "201@office-1;2") == ["answer 201@office-1;2 done after inbound"]
    scene.after(1.0)
    scene.up("201@office-1;2")
    scene.gone("201@office-1;2")
    scene.gone("201@office-1;1")
    [row] = scene.catalogue.of(Channel, "201@office-1;2")
    assert (row.linked_id, row.answered) == ("201@office-1;1", None)
    assert row.ended is not None
    [call] = [one for one in scene.catalogue.rows.values() if isinstance(one, Call)]
    assert call.ended is not None


def test_who_did_not_hear_it_to_the_end_is_told_at_the_next_occasion() -> None:
    scene = Scene()
    scene.channel("PJSIP/trunk-1", exten="02079460001")
    scene.asks(Step.INBOUND, "trunk-1")
    scene.decide(AnnouncementStarted(scene.now, "trunk-1", 1, "hash"))
    scene.decide(AnnouncementFinished(scene.now, "trunk-1", 1, complete=False, reason="Asterisk could not play it"))
    scene.channel("PJSIP/202-1", call="trunk-1")
    assert scene.together("b1", "trunk-1", "202-1") == ["whisper trunk-1 inbound"]


def test_what_a_caller_who_hung_up_had_heard_is_kept_though_it_comes_later() -> None:
    scene = Scene()
    scene.channel("PJSIP/trunk-1", exten="02079460001")
    scene.asks(Step.INBOUND, "trunk-1")
    scene.gone("trunk-1")
    scene.after(1.0)
    [one] = told(scene, "trunk-1")
    assert one.finished is not None
    assert not one.complete
    assert scene.book.announcements == {}


def test_nobody_is_whispered_to_while_a_card_is_read_out() -> None:
    scene = Scene(announce__internal="whisper")
    scene.channel("PJSIP/202-1", exten="700")
    scene.at_card_line("202-1")
    assert not list(scene.given(do.Whisper))


def test_a_trunk_is_learned_from_what_comes_through_the_inbound_step() -> None:
    scene = Scene(calls__trunks=[])
    scene.channel("SIP/provider-1", exten="02079460001")
    scene.asks(Step.INBOUND, "provider-1")
    scene.channel("SIP/provider-2")
    [first, second] = scene.catalogue.channels
    assert (first.role, second.role) == ("outside", "outside")
    assert scene.catalogue.calls[0].direction == "inbound"


def test_an_answer_about_an_announcement_that_nobody_ordered_is_nothing() -> None:
    scene = Scene()
    assert scene.decide(AnnouncementStarted(0.0, "nobody", 1, "hash")) == []
    assert scene.decide(AnnouncementFinished(0.0, "nobody", 0, complete=True)) == []


def test_what_was_being_played_when_the_daemon_stopped_was_not_heard_as_far_as_anybody_knows() -> None:
    scene = Scene()
    scene.channel("PJSIP/trunk-1", exten="02079460001")
    scene.asks(Step.INBOUND, "trunk-1")
    scene.restart()
    [one] = told(scene, "trunk-1")
    assert (one.complete, one.reason) == (False, "Callwarden was not running")


def test_what_the_dialplan_told_is_one_row_however_often_its_note_is_read() -> None:
    scene = Scene()
    scene.channel("PJSIP/trunk-1", exten="02079460001")
    for finished in (None, None, 6.0, 6.0):
        note = Told(prompt="inbound", language="en", started=0.5, finished=finished)
        scene.decide(ToldByDialplan(scene.now, "trunk-1", note, "hash"))
    [one] = told(scene, "trunk-1")
    assert (one.played_by, one.complete, one.finished) == ("dialplan", True, 6.0)


def not_told_while_ari_was_away() -> Scene:
    scene = Scene(announce__internal="whisper")
    scene.channel("PJSIP/201-1")
    scene.channel("PJSIP/202-1", call="201-1")
    scene.together("b1", "201-1", "202-1")
    for who in ("201-1", "202-1"):
        scene.decide(AnnouncementFinished(scene.now, who, 1, complete=False, reason="no ARI"))
    return scene


def test_who_was_not_told_while_nobody_could_be_whispered_to_is_told_once_somebody_can() -> None:
    scene = not_told_while_ari_was_away()
    mark = len(scene.orders)
    scene.decide(WhispersPossible(scene.now))
    assert scene.orders[mark:] == ["whisper 201-1 inbound", "whisper 202-1 inbound"]
    scene.after(1.0)
    assert [one.complete for one in told(scene, "201-1")][-1]
    scene.decide(WhispersPossible(scene.now))
    assert len(scene.orders) == mark + 2


def test_out_of_sight_of_asterisk_nobody_is_told_again() -> None:
    scene = not_told_while_ari_was_away()
    scene.lose_link()
    mark = len(scene.orders)
    scene.decide(WhispersPossible(scene.now))
    assert scene.orders[mark:] == []
