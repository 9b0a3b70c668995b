"""The door to the audio: only what is still exactly what was stored comes out."""

import hashlib
import io
import os
from pathlib import Path

import pytest

from callwarden.storage.opening import Damaged, check, copy, opened, unlinked_copy
from callwarden.storage.reading import StoredFile
from callwarden.storage.vault import Vault

NAME = "2026/05/28/1780000000.7.wav"
AUDIO = b"RIFF" + bytes(range(256)) * 9000


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    made = Vault(tmp_path / "vault")
    with made.put(NAME) as out:
        out.write(AUDIO)
    return made


def stored(path: str = NAME) -> StoredFile:
    return StoredFile(path, "wav", hashlib.sha256(AUDIO).hexdigest(), len(AUDIO), 1.0, 1.0, None)


def test_what_was_stored_comes_out(vault: Vault) -> None:
    check(vault, stored())
    with opened(vault, stored()) as file:
        assert file.read() == AUDIO
    out = io.BytesIO()
    copy(vault, stored(), out)
    assert out.getvalue() == AUDIO


def test_a_copy_to_hear_has_no_name_and_cannot_be_written(vault: Vault) -> None:
    handle = unlinked_copy(vault, stored())
    assert list(vault.scratch.iterdir()) == []
    vault.remove(NAME)
    assert os.fstat(handle).st_nlink == 0
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.write(handle, b"x")
    with os.fdopen(handle, "rb") as file:
        assert file.read() == AUDIO


def change(path: Path) -> None:
    path.write_bytes(AUDIO[:-1] + b"x")


def truncate(path: Path) -> None:
    os.truncate(path, 1000)


def link(path: Path) -> None:
    moved = path.with_name("elsewhere")
    path.rename(moved)
    path.symlink_to(moved)


def link_the_day(path: Path) -> None:
    moved = path.parent.with_name("29")
    path.parent.rename(moved)
    path.parent.symlink_to(moved)


def to_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (change, "another SHA-256"), (truncate, "has 1000 bytes"), (Path.unlink, "missing"), (link, "symbolic link"),
        (link_the_day, "symbolic link"), (to_directory, "no file"),
    ],
)  # fmt: skip
def test_what_is_not_what_was_stored_is_refused(vault: Vault, spoil: object, sentence: str) -> None:
    spoil(vault.root / NAME)  # type: ignore[operator]
    for look in (check, unlinked_copy):
        with pytest.raises(Damaged, match=sentence):
            look(vault, stored())
    with pytest.raises(Damaged, match=sentence), opened(vault, stored()):
        pass
    assert list(vault.scratch.iterdir()) == []


@pytest.mark.parametrize("path", ["../catalogue.sqlite", "/etc/passwd", "2026/05/28/../../x", ".vault-id"])
def test_a_path_that_the_vault_never_gave_is_refused(vault: Vault, path: str) -> None:
    with pytest.raises(Damaged, match="never gave"):
        check(vault, stored(path))
