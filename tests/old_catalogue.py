"""Writes ``data/catalogue-<newest migration>.sqlite``, once for each schema version; run it with a new migration.

The file then stays as it is: ``test_migrations`` brings it up to date with every later version and looks for what is
written here.
"""

from pathlib import Path

from callwarden.core.facts import Announcement, Gap, PlayedBy, RecordingState, Role
from callwarden.storage.catalogue import save_all
from callwarden.storage.database import open_catalogue, transaction
from callwarden.storage.migrations import migrations
from storage_world import AT, UNIQUE_ID, call, channel, recording, segment, suspension

STORED = (
    "UPDATE recordings SET path = '2026/05/28/1780000000.7.wav', format = 'wav', sha256 = 'ab', bytes = 120044, "
    "seconds = 7.5, stored = 1780000020, expires = 1795000000 WHERE state = 'stored'"
)


def main() -> None:
    newest = migrations._migrations[-1].name
    path = Path(__file__).parent / "data" / f"catalogue-{newest}.sqlite"
    if path.exists():
        raise SystemExit(f"{path.name} was written before, and stays as it is.")
    path.parent.mkdir(exist_ok=True)
    told = Announcement(
        unique_id=UNIQUE_ID,
        number=1,
        prompt="inbound",
        language="en",
        sha256="cd",
        played_by=PlayedBy.DAEMON,
        started=AT,
    )
    db = open_catalogue(path)
    save_all(
        db,
        [
            call(answered=AT + 1, ended=AT + 9, caller_name="Ann \udcff\x00 Smith", called_number="02079460000"),
            channel(party_name="Ann \udcff\x00 Smith", ended=AT + 9),
            channel("1780000000.8", UNIQUE_ID, role=Role.PHONE, endpoint="PJSIP/201", number="201"),
            recording(state=RecordingState.STORED),
            segment("1780000000.7-1.wav", AT, AT + 2),
            segment("1780000000.7-2.wav", AT + 5, AT + 7, 2),
            suspension(AT + 2, AT + 5),
            told,
            Gap(unique_id=UNIQUE_ID, started=AT + 7, ended=AT + 9, cause="the link was down"),
        ],
    )
    with transaction(db) as connection:
        connection.execute(STORED)
    db.close()


if __name__ == "__main__":
    main()
