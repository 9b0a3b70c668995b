"""Any file as a configuration: settings, or a list of sentences that say what is wrong where."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwarden.config import ConfigError, load
from callwarden.config.sample import sample
from fuzzing import fuzzed, mutated

NOWHERE: dict[str, str] = {}
USED = "\n".join(line.removeprefix("#") if "=" in line or "[[" in line else line for line in sample().splitlines())
PIECES = (
    b"\n", b"=", b'"', b"[", b"]]", b"[[", b"#", b"'''", b"{", b"-1", b"9" * 30, b"1e999", b"nan", b"true", b"\xff",
    b"\0", b"[card]\n", b"\xef\xbb\xbf", b"\r\n", b'"\\u0000"', b"1979-05-27", b"a.b.c = 1\n", b"[" * 2000, b"inf",
)  # fmt: skip


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "callwarden.toml"


@fuzzed(250)
@given(mutated([sample().encode(), USED.encode()], PIECES) | st.binary(max_size=200))
def test_any_file_is_either_settings_or_a_list_of_sentences(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    try:
        load(file, NOWHERE)
    except ConfigError as error:
        assert error.problems
        assert all(problem.message for problem in error.problems)
        assert "Traceback" not in str(error)
