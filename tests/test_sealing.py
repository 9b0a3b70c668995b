"""What is sealed is opened by its keys alone, by the standard `age` program too, and never taken for whole when it is
not."""

import io
import os
import stat
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from callwarden.config import ConfigError, settings_from
from callwarden.storage.keys import Keys, KeysError, load_keys, new_identity
from callwarden.storage.sealing import SealError, seal, sealed_name, unseal, unsealed
from sealed_world import Holder, age, decrypted, keys_of

DAEMON, DPO, STRANGER = Holder(), Holder(), Holder()
KEYS = keys_of(DAEMON, DPO)
SOUND = os.urandom(300_000)


def sealed(content: bytes = SOUND, keys: Keys = KEYS) -> bytes:
    out = io.BytesIO()
    seal([content[:1000], content[1000:]], out, keys)
    return out.getvalue()


def opened(content: bytes, holder: Holder) -> bytes:
    out = io.BytesIO()
    unseal(io.BytesIO(content), out.write, [holder.identity])
    return out.getvalue()


def test_each_of_the_recipients_opens_it_and_nobody_else() -> None:
    file = sealed()
    assert opened(file, DAEMON) == opened(file, DPO) == SOUND
    assert SOUND[:64] not in file
    with pytest.raises(SealError, match="sealed to other keys than the daemon has"):
        opened(file, STRANGER)


def test_the_dpo_opens_it_with_the_standard_program_alone(tmp_path: Path) -> None:
    path = tmp_path / "1780000000.7.wav.age"
    path.write_bytes(sealed())
    assert decrypted(path, DPO, tmp_path) == SOUND


def test_what_the_standard_program_sealed_is_opened_here(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(SOUND)
    command = [age(), "--encrypt", "--recipient", DAEMON.recipient, str(tmp_path / "plain")]
    assert opened(subprocess.run(command, check=True, capture_output=True).stdout, DAEMON) == SOUND


@pytest.mark.parametrize("length", [0, 50, 300, 70_000, -1])
def test_a_truncated_file_is_refused_with_what_to_do(length: int) -> None:
    with pytest.raises(SealError, match="from a backup"):
        opened(sealed()[:length], DAEMON)


def test_a_changed_file_and_one_that_is_not_sealed_are_refused() -> None:
    file = bytearray(sealed())
    file[200_000] ^= 1
    with pytest.raises(SealError, match="truncated or was changed"):
        opened(bytes(file), DAEMON)
    with pytest.raises(SealError, match="no sealed recording"):
        opened(b"RIFF" * 1000, DAEMON)


def test_a_stream_of_what_is_sealed_ends_in_an_error_where_the_file_is_damaged() -> None:
    with unsealed(io.BytesIO(sealed()), KEYS.identities) as chunks:
        assert b"".join(chunks) == SOUND
    with unsealed(io.BytesIO(sealed()[:-1]), KEYS.identities) as chunks, pytest.raises(SealError, match="truncated"):
        list(chunks)


def test_a_reader_who_stops_early_leaves_no_thread_behind() -> None:
    with unsealed(io.BytesIO(sealed(bytes(5_000_000))), KEYS.identities) as chunks:
        assert next(chunks)


def test_the_error_of_a_full_disk_is_told_as_what_it_is() -> None:
    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        seal([SOUND], Full(), KEYS)


def test_two_hours_are_sealed_in_little_memory(tmp_path: Path) -> None:
    def two_hours() -> Iterator[bytes]:
        yield from (bytes(256 * 1024) for _ in range(440))

    with (tmp_path / "sealed").open("wb") as out:
        tracemalloc.start()
        result = seal(two_hours(), out, KEYS)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert result.bytes > 115_000_000
    assert peak < 4_000_000


def test_other_keys_give_another_name() -> None:
    one, other = (sealed_name("2026/05/28/1.7.wav", keys) for keys in (KEYS, keys_of(DAEMON)))
    assert one != other
    assert one.startswith("2026/05/28/1.7_") and one.endswith(".wav.age")


# -- keys --------------------------------------------------------------------------------------------------------------


def settings(text: str) -> object:
    return settings_from(f"[seal]\n{text}", {})


def test_a_new_key_belongs_to_its_owner_alone_and_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "identity"
    recipient = new_identity(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = f'[seal]\nenabled = true\nidentity = "{path}"\nrecipients = ["{DPO.recipient}"]'
    keys = load_keys(settings_from(text, {}))
    assert keys is not None and set(keys.recipients) == {recipient, DPO.recipient}
    with pytest.raises(FileExistsError):
        new_identity(path)


def test_the_key_comes_from_a_systemd_credential(tmp_path: Path) -> None:
    DAEMON.write(tmp_path / "seal-identity")
    keys = load_keys(settings_from("[seal]\nenabled = true", {}), {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert keys is not None and keys.recipients == (DAEMON.recipient,)


def test_keys_of_former_times_still_open(tmp_path: Path) -> None:
    path = tmp_path / "identity"
    path.write_text(f"{DAEMON.identity}\n# the key of last year\n{STRANGER.identity}\n")
    path.chmod(0o600)
    keys = load_keys(settings_from(f'[seal]\nenabled = true\nidentity = "{path}"', {}))
    assert keys is not None and keys.recipients == (DAEMON.recipient,)
    out = io.BytesIO()
    unseal(io.BytesIO(sealed(keys=keys_of(STRANGER))), out.write, keys.identities)
    assert out.getvalue() == SOUND


@pytest.mark.parametrize(
    ("content", "mode", "sentence"),
    [
        (None, 0o600, "There is no key at .*seal keygen"),
        (str(DAEMON.identity), 0o640, "Others can read the key .* chmod 600"),
        ("AGE-SECRET-KEY-1WRONG", 0o600, "something that is no key"),
        ("# nothing\n", 0o600, "holds no key"),
        ("ä", 0o600, "cannot be read"),
    ],
    ids=["missing", "open to others", "wrong", "empty", "binary"],  # a key that is made anew is no name
)
def test_a_key_that_cannot_be_used_is_refused_with_what_to_do(
    tmp_path: Path, content: str | None, mode: int, sentence: str
) -> None:
    path = tmp_path / "identity"
    if content is not None:
        path.write_text(content)
        path.chmod(mode)
    with pytest.raises(KeysError, match=sentence) as refused:
        load_keys(settings_from(f'[seal]\nenabled = true\nidentity = "{path}"', {}))
    assert str(DAEMON.identity) not in str(refused.value)


def test_nothing_is_needed_where_nothing_is_sealed(tmp_path: Path) -> None:
    assert load_keys(settings_from("", {}), {"CREDENTIALS_DIRECTORY": str(tmp_path)}) is None


def test_a_key_is_never_shown() -> None:
    assert "AGE-SECRET" not in repr(KEYS)


def test_a_recipient_that_is_none_is_an_error_and_a_secret_key_is_not_repeated() -> None:
    with pytest.raises(ConfigError, match="must be a recipient of age"):
        settings('recipients = ["age1wrong"]')
    with pytest.raises(ConfigError, match="this is a secret key") as refused:
        settings(f'recipients = ["{DPO.identity}"]')
    assert str(DPO.identity) not in str(refused.value)


def test_a_credential_store_that_is_closed_to_the_daemon_is_no_key_where_nothing_is_sealed(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir(mode=0o700)
    code = (
        "import os, pathlib; from callwarden.config import Settings, credentials; "
        "from callwarden.storage import keys; credentials.STORE = pathlib.Path(os.environ['CLOSED']); "
        "os.setuid(65534); print(keys.load_keys(Settings(), {}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "CLOSED": str(tmp_path / "store")},
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.stdout == "None\n", done.stderr
