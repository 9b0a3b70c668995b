"""The options of the external store and of sealed storage: what is refused, and what is worth a second look."""

import pytest

from callwarden.config import ConfigError, doubts, settings_from


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("ftp://host/path", "this must be a store such as"),
        ("sftp://user@host", "needs the user and the folder"),
        ("sftp://host/path", "needs the user and the folder"),
        ("sftp://user:word@host/path", "leave the password out"),
        ("sftp://user@host/a/../b", "this must be a store such as"),
        ("s3://", "this must be a store such as"),
        ("s3://bucket?x=1", "this must be a store such as"),
    ],
)
def test_an_address_that_is_no_store_is_refused(url: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        settings_from(f'[archive]\nurl = "{url}"', {})


@pytest.mark.parametrize("url", ["sftp://user@host:2222/path/", "s3://bucket", "s3://bucket/prefix", ""])
def test_an_address_of_a_store_is_taken(url: str) -> None:
    assert settings_from(f'[archive]\nurl = "{url}"', {}).archive.url == url.rstrip("/")


def test_the_secret_comes_from_the_environment() -> None:
    settings = settings_from('[archive]\nurl = "s3://bucket"', {"CALLWARDEN_ARCHIVE_SECRET": "word"})
    assert settings.archive.secret.get_secret_value() == "word"
    assert "word" not in repr(settings.archive)


def test_a_store_that_can_hear_everything_is_a_doubt() -> None:
    text = '[calls]\ntrunks = ["trunk"]\n[archive]\nurl = "s3://bucket"\nserver = "http://s3.example.org"\n'
    found = [str(each) for each in doubts(settings_from(text, {}))]
    assert len(found) == 2
    assert "can hear every recording" in found[0]
    assert "unencrypted" in found[1]
    sealed = doubts(settings_from(text.replace("http:", "https:") + "[seal]\nenabled = true\n", {}))
    assert sealed == []
