"""What the log says, and what it never says."""

import io
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from callwarden.logs import about, goes_to_journal, masked, set_up

SECRET = "correct-horse-battery"


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("callwarden")
    kept = (root.handlers[:], root.level, ours.level)
    yield
    root.handlers[:], root.level, ours.level = kept


def logged(message: str, *values: object, form: str = "text", level: int = logging.INFO, **more: object) -> str:
    stream = io.StringIO()
    set_up("debug", form, [SECRET], stream, {})
    logging.getLogger("callwarden.test").log(level, message, *values, **more)  # type: ignore[arg-type]
    return stream.getvalue()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("call from 07700900123", "call from ***123"),
        ("+442079460001", "+***001"),
        ("0207946", "***946"),
        ("202 to 123456", "202 to 123456"),
        ("sip:07700900123@10.0.0.5", "sip:***123@10.0.0.5"),
        ("٠٧٧٠٠٩٠٠١٢٣", "***١٢٣"),
        ("call 1763775574.12", "call 1763775574.12"),
        ("pbx22-1795313160.0-1.wav", "pbx22-1795313160.0-1.wav"),
        ("PJSIP/trunk-00000012 PJSIP/202-0000001f", "PJSIP/trunk-00000012 PJSIP/202-0000001f"),
        ("PJSIP/07700900123-00000012", "PJSIP/***123-00000012"),
        ("020-79460001", "020-***001"),
        ("monitor 0x7f5350002345", "monitor 0x7f5350002345"),
        ("sha 11cbe32d34bfedbb92fbf7a443b04e41c1f814ee26db3965077a3c1fb06b1d32",
         "sha 11cbe32d34bfedbb92fbf7a443b04e41c1f814ee26db3965077a3c1fb06b1d32"),
        ("4111111111111111", "***111"),
        ("1763775574.120779460001", "***574.***001"),
    ],
)  # fmt: skip
def test_long_digits_are_masked_unless_they_are_an_id(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_a_line_names_its_call_and_channel() -> None:
    line = logged("recorder started", extra=about("1763775574.12", "PJSIP/202-00000001"))
    assert line.endswith("info    [1763775574.12 PJSIP/202-00000001] recorder started\n")


def test_a_caller_cannot_end_a_line_or_drive_a_terminal() -> None:
    line = logged("called by %s", "x\r\n2025-11-22 error forged\x1b[2J\u202e\x00")
    assert line.count("\n") == 1
    assert line.endswith(r"called by x\r\n2025-11-22 error forged\x1b[2J\u202e\x00" + "\n")


def test_a_secret_never_passes() -> None:
    assert SECRET not in logged("login with %s", SECRET)
    assert SECRET not in logged("x", exc_info=ValueError(f"bad {SECRET}"))


def test_numbers_in_an_error_are_masked_too() -> None:
    line = logged("failed", exc_info=ValueError("no such party 07700900123\nforged"))
    assert "07700900123" not in line
    assert [each for each in line.splitlines()[1:] if not each.startswith("    | ")] == []


def test_json_is_one_object_a_line() -> None:
    line = logged("called by %s", "07700900123\n\x1b", form="json", level=logging.WARNING, extra=about("1763775574.12"))
    assert line.count("\n") == 1
    said = json.loads(line)
    assert said["message"] == r"called by ***123\n\x1b"
    assert (said["level"], said["logger"], said["call"]) == ("warning", "callwarden.test", "1763775574.12")
    assert said["at"].endswith("Z")


def test_json_holds_the_trace() -> None:
    said = json.loads(logged("failed", form="json", exc_info=ValueError("07700900123")))
    assert said["trace"][-1] == "ValueError: ***123"


def test_a_record_whose_arguments_do_not_fit_is_not_lost() -> None:
    assert "two values (not all arguments converted" in logged("two values", 1, 2)


def test_third_parties_keep_their_details_to_themselves() -> None:
    stream = io.StringIO()
    set_up("debug", "text", [], stream, {})
    logging.getLogger("panoramisk.manager").info("Secret: x")
    logging.getLogger("callwarden.test").debug("heard")
    assert "Secret" not in stream.getvalue()
    assert "heard" in stream.getvalue()


def test_setting_up_again_changes_the_level_and_doubles_no_line() -> None:
    stream = io.StringIO()
    set_up("info", "text", [], stream, {})
    set_up("error", "text", [], stream, {})
    logging.getLogger("callwarden.test").info("quiet")
    logging.getLogger("callwarden.test").error("once")
    assert stream.getvalue().count("once") == 1
    assert "quiet" not in stream.getvalue()


def test_under_the_journal_lines_have_its_priority_and_no_time(tmp_path: Path) -> None:
    with (tmp_path / "journal").open("w+") as stream:
        found = os.fstat(stream.fileno())
        environ = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
        assert goes_to_journal(stream, environ)
        set_up("debug", "text", [], stream, environ)
        log = logging.getLogger("callwarden.test")
        log.info("said")
        log.error("failed", exc_info=ValueError("why"))
        stream.seek(0)
        lines = stream.read().splitlines()
    assert lines[:2] == ["<6>said", "<3>failed"]
    assert all(line.startswith("<3>    | ") for line in lines[2:])


def test_a_journal_that_is_somebody_elses_is_not_ours(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as stream:
        assert not goes_to_journal(stream, {"JOURNAL_STREAM": "8:1"})
        assert not goes_to_journal(stream, {})
    assert not goes_to_journal(io.StringIO(), {"JOURNAL_STREAM": "8:1"})


def test_the_name_of_a_segments_file_is_no_number() -> None:
    text = "pbx22-1795315493.1-1795315493011.wav holds no audio, 1795315493011 does"
    assert masked(text) == "pbx22-1795315493.1-1795315493011.wav holds no audio, ***011 does"
