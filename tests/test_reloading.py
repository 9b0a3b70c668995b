"""What a reload changes at once and what waits for a restart."""

from callwarden.config import Settings
from callwarden.reloading import NEEDS_RESTART, needs_restart, reload


def settings(**sections: dict[str, object]) -> Settings:
    return Settings.model_validate(sections)


def test_what_decides_counts_at_once() -> None:
    new = settings(announce={"language": "cy"}, card={"settle": 1.5}, retention={"keep": "1 year"})
    done = reload(settings(), new)
    assert done.settings == new
    assert done.applied == ("announce.language", "card.settle", "retention.keep")
    assert done.restart == ()


def test_what_was_opened_stays_until_a_restart() -> None:
    old = settings(agi={"port": 4573}, calls={"country": "GB"})
    new = settings(agi={"port": 4574}, calls={"country": "DE", "trunks": ["PJSIP/trunk"]}, log={"level": "debug"})
    done = reload(old, new)
    assert done.restart == ("agi.port", "calls.country")
    assert done.applied == ("calls.trunks", "log.level")
    assert (done.settings.agi.port, done.settings.calls.country) == (4573, "GB")
    assert done.settings.calls.trunks == ("PJSIP/trunk",)
    assert reload(done.settings, new).restart == ("agi.port", "calls.country")


def test_nothing_changed_is_nothing_done() -> None:
    done = reload(settings(), settings())
    assert (done.settings, done.applied, done.restart) == (settings(), (), ())


def test_every_name_in_the_table_is_an_option() -> None:
    sections = [(name, section) for name, section in Settings() if name != "person"]
    options = {f"{name}.{option}" for name, section in sections for option in type(section).model_fields}
    assert options | set(Settings.model_fields) >= NEEDS_RESTART
    assert needs_restart("ami.host")
    assert needs_restart("ari.password")
    assert not needs_restart("ami.secret")
    assert not needs_restart("calls.trunks")


def test_people_count_at_once() -> None:
    new = Settings.model_validate({"person": [{"name": "Jas", "user": "jas", "roles": ["dpo"]}]})
    done = reload(settings(), new)
    assert (done.settings, done.applied, done.restart) == (new, ("person",), ())
