"""The door to sealed audio: it opens with the right key only, leaves nothing on the disk, tells a key from damage."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pytest

from callwarden.config import settings_from
from callwarden.storage import opening
from callwarden.storage.keys import Keys, load_keys
from callwarden.storage.opening import Damaged, Locked, check, opened, unlinked_copy
from callwarden.storage.reading import StoredFile
from callwarden.storage.sealing import seal
from callwarden.storage.vault import Vault
from sealed_world import Holder, keys_of

NAME = "2026/05/28/1780000000.7_0123abcd.wav.age"
AUDIO = b"RIFF" + os.urandom(700_000)
DAEMON, DPO = Holder(), Holder()
KEYS = keys_of(DAEMON, DPO)
STORED = StoredFile(NAME, "wav", hashlib.sha256(AUDIO).hexdigest(), len(AUDIO), 1.0, 1.0, None)


def sealed_in(vault: Vault, audio: bytes = AUDIO, keys: Keys = KEYS) -> None:
    with vault.put(NAME) as out:
        seal([audio], out, keys)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    made = Vault(tmp_path / "vault")
    made.keys = lambda: KEYS
    sealed_in(made)
    return made


def test_what_was_sealed_comes_out_and_can_be_read_anywhere(vault: Vault) -> None:
    check(vault, STORED)
    with opened(vault, STORED) as file:
        assert file.read() == AUDIO
        file.seek(100)
        assert file.read(5) == AUDIO[100:105]


def test_nothing_of_it_touches_the_disk(vault: Vault) -> None:
    with opened(vault, STORED) as file, os.fdopen(unlinked_copy(vault, STORED), "rb") as copied:
        for each in (file, copied):
            assert str(Path(f"/proc/self/fd/{each.fileno()}").readlink()).startswith("/memfd:")
    with os.fdopen(unlinked_copy(vault, STORED), "rb") as file:
        assert file.read() == AUDIO
    assert [path.name for path in vault.root.rglob("*.wav*")] == [Path(NAME).name]


def test_what_is_too_long_for_the_memory_is_opened_into_a_file_without_a_name(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "LONGEST_IN_MEMORY", 1000)
    with opened(vault, STORED) as file:
        assert file.read() == AUDIO
        assert os.fstat(file.fileno()).st_nlink == 0
        assert list(vault.scratch.iterdir()) == []


def test_a_wrong_key_is_no_damage_and_says_what_to_do(vault: Vault) -> None:
    sealed_in(vault, keys=keys_of(DPO))
    with pytest.raises(Locked) as refused:
        check(vault, STORED)
    assert refused.value.strerror is not None and "[seal] identity" in refused.value.strerror


def test_a_missing_key_is_no_damage_and_says_what_to_do(vault: Vault, tmp_path: Path) -> None:
    vault.keys = lambda: None
    with pytest.raises(Locked, match="identity names none"):
        check(vault, STORED)
    settings = settings_from(f'[seal]\nenabled = true\nidentity = "{tmp_path}/none"', {})
    vault.keys = lambda: load_keys(settings)
    with pytest.raises(Locked, match="There is no key at"):
        check(vault, STORED)


def test_a_truncated_a_changed_and_another_file_are_damage(vault: Vault) -> None:
    path = vault.root / NAME
    whole = path.read_bytes()
    for content in (whole[:-1], whole[:60], b"", whole[:5000] + b"x" + whole[5001:]):
        path.write_bytes(content)
        with pytest.raises(Damaged, match="backup"):
            check(vault, STORED)
    sealed_in(vault, AUDIO[::-1])
    with pytest.raises(Damaged, match="another SHA-256"):
        check(vault, STORED)
    sealed_in(vault, AUDIO[:-1])
    with pytest.raises(Damaged, match="bytes and was stored with"):
        check(vault, STORED)


def test_what_only_the_external_store_has_is_fetched_and_checked(vault: Vault) -> None:
    fetched = (vault.root / NAME).read_bytes()
    vault.remove(NAME)
    with pytest.raises(Damaged, match="missing from the vault"):
        check(vault, STORED)

    @contextmanager
    def elsewhere(path: str) -> Iterator[BinaryIO]:
        assert path == NAME
        yield BytesIO(fetched)

    vault.elsewhere = elsewhere
    with opened(vault, STORED) as file:
        assert file.read() == AUDIO
    fetched = fetched[:-1]
    with pytest.raises(Damaged, match="truncated"):
        check(vault, STORED)

    @contextmanager
    def nowhere(_: str) -> Iterator[BinaryIO]:
        raise FileNotFoundError
        yield

    vault.elsewhere = nowhere
    with pytest.raises(Damaged, match="and from the external store"):
        check(vault, STORED)
