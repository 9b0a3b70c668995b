"""What the catalogue remembers for a daemon that starts."""

from pathlib import Path

from callwarden.core.facts import Direction
from callwarden.storage.catalogue import save_all
from callwarden.storage.database import open_catalogue
from callwarden.storage.remembered import known_trunks
from storage_world import AT, call


def test_the_endpoints_that_calls_came_in_through_are_trunks(tmp_path: Path) -> None:
    db = open_catalogue(tmp_path / "catalogue.sqlite")
    came_in = [call("1.1", trunk="PJSIP/provider"), call("1.2", trunk="PJSIP/provider"), call("1.3", trunk="SIP/old")]
    others = [call("1.4"), call("1.5", direction=Direction.OUTBOUND, trunk="PJSIP/202")]
    save_all(db, [*came_in, *others])
    assert known_trunks(db, AT).endpoints == {"PJSIP/provider", "SIP/old"}
    db.close()
