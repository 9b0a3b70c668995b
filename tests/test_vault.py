"""The vault: names from ids alone, whole files or none, nobody else's eyes, no way out of it."""

import os
from pathlib import Path

import pytest

from callwarden.storage.unlinking import MANY
from callwarden.storage.vault import Vault, VaultError, name_of

NAME = "2026/05/28/1780000000.7.wav"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault")


def put(vault: Vault, content: bytes = b"sound", name: str = NAME) -> None:
    with vault.put(name) as file:
        file.write(content)


def read(vault: Vault, name: str = NAME) -> bytes:
    with vault.open(name) as file:
        return file.read()


def test_a_name_is_the_day_of_the_channels_birth_and_its_unique_id() -> None:
    assert name_of("1780000000.7", "wav") == "2026/05/28/1780000000.7.wav"
    assert name_of("pbx-1-1780000000.7", "WAV") == "2026/05/28/pbx-1-1780000000.7.WAV"


@pytest.mark.parametrize(
    "hostile",
    ["../../etc/passwd", "", ".", "..", "a/b", "a\0b", "x" * 5000, "é", "\udcff", "1.1; rm -rf /", "-rf", ".hidden"],
)
def test_a_hostile_id_becomes_a_harmless_name_of_its_own(vault: Vault, hostile: str) -> None:
    name = name_of(hostile, "wav")
    put(vault, name=name)
    assert read(vault, name) == b"sound"
    assert len(name) < 200
    assert {path.name for path in vault.root.iterdir()} == {".incoming", ".vault-id", "0000"}


def test_ids_that_look_alike_when_cleaned_have_different_names() -> None:
    ids = ["a/b", "ab", "a b", "a_b", "xab_0123456789abcdef", "a\0b"]
    assert len({name_of(unique_id, "wav") for unique_id in ids}) == len(ids)


def test_what_was_put_is_there_for_the_owner_alone(vault: Vault) -> None:
    usual = os.umask(0)
    try:
        put(vault)
    finally:
        os.umask(usual)
    assert (read(vault), vault.exists(NAME)) == (b"sound", True)
    assert (vault.root / NAME).stat().st_mode & 0o777 == 0o600
    for directory in (
        vault.root,
        vault.root / "2026",
        vault.root / "2026/05",
        vault.root / "2026/05/28",
        vault.scratch,
    ):
        assert directory.stat().st_mode & 0o777 == 0o700


def test_a_put_that_fails_leaves_nothing(vault: Vault) -> None:
    with pytest.raises(ZeroDivisionError), vault.put(NAME) as file:
        file.write(b"half")
        raise ZeroDivisionError
    assert not vault.exists(NAME)
    assert list(vault.scratch.iterdir()) == []


def test_a_put_that_fails_leaves_the_file_that_was_there(vault: Vault) -> None:
    put(vault)
    with pytest.raises(ZeroDivisionError), vault.put(NAME):
        raise ZeroDivisionError
    assert read(vault) == b"sound"


def test_many_are_put_and_their_directories_settled_once(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"2026/05/28/{number}.wav" for number in range(3)]
    for name in names:
        with vault.put(name, settled=False) as file:
            file.write(b"sound")
    synced: list[Path] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(Path(f"/proc/self/fd/{handle}").readlink()))
    vault.settle(names)
    assert synced == [vault.root / "2026/05/28"]
    assert all(vault.exists(name) for name in names)


def test_putting_again_replaces_the_whole_file(vault: Vault) -> None:
    put(vault, b"a longer sound")
    put(vault, b"short")
    assert read(vault) == b"short"


def test_what_a_crash_left_half_written_is_swept_up(vault: Vault) -> None:
    (vault.scratch / "1780000000.7.wav").write_bytes(b"half")
    put(vault, name="2026/05/28/1780000000.8.wav")
    assert vault.sweep() == 1
    assert list(vault.scratch.iterdir()) == []
    assert vault.exists("2026/05/28/1780000000.8.wav")


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "/etc/passwd",
        "2026/05/../x",
        "2026/05/28/../../x",
        "2026/05/28/.hidden",
        "2026/05/28/a/b",
        "",
        "2026/05/28/a\n",
        "2026/05/28/",
    ],
)
def test_a_name_that_the_vault_never_gave_is_refused(vault: Vault, name: str) -> None:
    for act in (vault.open, vault.exists, vault.remove):
        with pytest.raises(VaultError):
            act(name)
    with pytest.raises(VaultError), vault.put(name):
        pytest.fail("a file was opened")


def test_a_link_in_place_of_a_recording_is_not_opened(vault: Vault, tmp_path: Path) -> None:
    put(vault)
    secret = tmp_path / "secret"
    secret.write_bytes(b"theirs")
    (vault.root / NAME).unlink()
    (vault.root / NAME).symlink_to(secret)
    with pytest.raises(OSError):
        vault.open(NAME)
    put(vault)
    assert (read(vault), secret.read_bytes()) == (b"sound", b"theirs")


def test_a_link_in_place_of_a_directory_leads_nowhere(vault: Vault, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "05/28").mkdir(parents=True)
    (outside / "05/28/1780000000.7.wav").write_bytes(b"theirs")
    (vault.root / "2026").symlink_to(outside)
    with pytest.raises(OSError):
        vault.open(NAME)
    with pytest.raises(OSError):
        vault.remove(NAME)
    with pytest.raises(OSError):
        put(vault)
    assert (outside / "05/28/1780000000.7.wav").read_bytes() == b"theirs"


def test_removing_tells_whether_there_was_something_to_remove(vault: Vault) -> None:
    put(vault)
    assert vault.remove(NAME) is True
    assert vault.exists(NAME) is False
    assert vault.remove(NAME) is False


def test_directories_go_when_they_are_empty_and_not_before(vault: Vault) -> None:
    names = [NAME, "2026/05/28/1780000000.8.wav", "2026/06/01/1780300000.1.wav"]
    for name in names:
        put(vault, name=name)
    vault.remove(names[0])
    assert (vault.root / "2026/05/28").is_dir()
    vault.remove(names[1])
    assert not (vault.root / "2026/05").exists()
    assert vault.exists(names[2])


def test_one_file_that_cannot_go_does_not_keep_the_others(vault: Vault) -> None:
    put(vault)
    stuck = "2026/05/28/1780000000.8.wav"
    (vault.root / stuck).mkdir(parents=True)
    results = vault.remove_all([NAME, stuck, "2026/05/28/1780000000.9.wav"])
    assert results[NAME] is True
    assert isinstance(results[stuck], OSError)
    assert results["2026/05/28/1780000000.9.wav"] is False


def test_many_files_of_a_directory_go_each_with_its_own_result(vault: Vault) -> None:
    names = [f"2026/05/28/1780000000.{number}.wav" for number in range(5 * MANY)]
    there, gone, stuck, others = names[: 3 * MANY], names[3 * MANY : 4 * MANY], names[4 * MANY], names[4 * MANY + 1 :]
    for name in there + others:
        put(vault, name=name)
    (vault.root / stuck).mkdir()
    results = vault.remove_all([*gone, stuck, *reversed(there)])
    assert {name: result for name, result in results.items() if name != stuck} == (
        dict.fromkeys(there, True) | dict.fromkeys(gone, False)
    )
    assert isinstance(results[stuck], OSError)
    assert sorted(path.name for path in (vault.root / "2026/05/28").iterdir()) == sorted(
        Path(name).name for name in [stuck, *others]
    )


def test_not_being_able_to_look_is_not_a_no(vault: Vault) -> None:
    (vault.root / "2026").write_bytes(b"in the way")
    with pytest.raises(OSError):
        vault.exists(NAME)


def test_what_is_put_together_walks_to_each_directory_once_and_closes_what_it_opened(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")
    names = [name_of(f"{day}.{number}", "wav") for day in (1780000000, 1780100000) for number in range(3)]
    with vault.kept_open():
        for name in names:
            with vault.put(name, settled=False) as file:
                file.write(name.encode())
        vault.settle(names)
        with pytest.raises(VaultError), vault.put("../x"):
            pass
        handles = dict(vault._kept.handles or {})
    assert list(handles) == [".incoming", "2026/05/28", "2026/05/30"]
    for handle in handles.values():
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(handle)
    assert [read(vault, name).decode() for name in names] == names
    assert vault.remove(names[0])


def test_a_directory_that_was_pruned_meanwhile_is_made_again(tmp_path: Path) -> None:
    """A plain recording that a crash left is removed before the sealed one is put in its place; a purge prunes too."""
    vault = Vault(tmp_path / "vault")
    with vault.kept_open():
        for content in (b"first", b"second"):
            with vault.put(NAME) as file:
                file.write(content)
            assert read(vault, NAME) == content
            assert vault.remove(NAME)
        assert not vault.exists(NAME)
