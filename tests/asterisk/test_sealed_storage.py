"""A real call with sealed storage and a real external store: nobody but the holders of a key ever finds its sound."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from proof import BRISK, wait_until

from lab import tones
from lab.lab import Lab
from lab.watcher import Watcher
from sealed_world import Holder, decrypted
from sftp_server import SftpServer

CALLER = 440
TALK = 2.0
DAEMON, DPO = Holder(), Holder()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    made = SftpServer(tmp_path)
    yield made
    made.close()


def sealing(folder: Path) -> dict[str, object]:
    identity = DAEMON.write(folder / "identity")
    return {**BRISK, "seal.enabled": True, "seal.identity": str(identity), "seal.recipients": [DPO.recipient]}


def files_in(vault: Path) -> list[Path]:
    return [path for path in vault.rglob("*") if path.is_file() and path.name != ".vault-id"]


def until_stored(lab: Lab, since: float, count: int) -> list[str]:
    """The paths of the recordings of the calls since then, once there are so many."""
    deadline = time.monotonic() + 15
    while True:
        with lab.catalogue() as db:
            sql = "SELECT path FROM recordings WHERE wanted >= ? AND state = 'stored'"
            paths = [str(row["path"]) for row in db.execute(sql, [since])]
        if len(paths) >= count:
            return paths
        assert time.monotonic() < deadline, paths
        time.sleep(0.1)


def call_of(lab: Lab) -> None:
    caller = lab.world.ring_in("02079460001", tone=CALLER).wait_answered()
    lab.world.party_at("202")
    time.sleep(TALK)
    caller.hang_up()
    lab.wait_quiet()


def test_a_call_reaches_the_vault_and_the_store_sealed_and_the_dpo_hears_it(
    brisk_lab: Lab, server: SftpServer, tmp_path: Path
) -> None:
    store = {"archive.url": server.url, "archive.key": str(server.key), "archive.known_hosts": str(server.known_hosts)}
    brisk_lab.configure({**sealing(tmp_path), **store})
    since = time.time()
    with Watcher(brisk_lab.vault) as watcher:
        call_of(brisk_lab)
        paths = until_stored(brisk_lab, since, 2)
        watcher.stop()
        assert watcher.sounds == [], "a file with sound appeared in the vault"
    for path in paths:
        assert path.endswith(".wav.age")
        heard = tmp_path / "heard.wav"
        heard.write_bytes(decrypted(brisk_lab.vault / path, DPO, tmp_path))
        assert tones.seconds_with(heard, CALLER) > TALK - 0.5
    # A file is there before all of it is: the catalogue takes it for a copy only when it was read back.
    stored = [(brisk_lab.vault / path).read_bytes() for path in paths]
    wait_until(lambda: [server.content(path) for path in paths] == stored, 60)


def test_a_daemon_that_is_killed_while_it_seals_leaves_no_sound_behind(tmp_path: Path) -> None:
    since = time.time()
    # A vault of its own: what others stored before would be sealed in the background meanwhile.
    with Lab(settings=sealing(tmp_path), folder=tmp_path / "lab") as lab, Watcher(lab.vault) as watcher:
        call_of(lab)
        lab.daemon.kill()
        lab.daemon.start()
        paths = until_stored(lab, since, 2)
        watcher.stop()
        assert watcher.sounds == []
        assert set(files_in(lab.vault)) == {lab.vault / path for path in paths}
        assert all(decrypted(lab.vault / path, DPO, tmp_path) for path in paths)
        wait_until(lambda: not list(lab.spool.glob("*.wav")), 15)  # the vault is first, the spool is cleared after it
