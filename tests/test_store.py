"""The external store, a real one of each kind: what is sent can be read back, what is removed is gone, and whoever only
pretends to be the store gets nothing."""

import hashlib
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callwarden.config import settings_from
from callwarden.config.archive import Archive
from callwarden.storage.store import Stopped, Store, fetched, opened
from callwarden.storage.stores import StoreAway
from s3_server import BUCKET, S3Server
from sftp_server import SftpServer

NAME = "2026/05/28/1780000000.7_0123abcd.wav.age"
CONTENT = os.urandom(3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def archive(**options: Any) -> Archive:
    written = {name: value if isinstance(value, int) else json.dumps(str(value)) for name, value in options.items()}
    lines = [f"{name} = {value}" for name, value in written.items()]
    return settings_from("[archive]\n" + "\n".join(lines), {}).archive


def sftp(server: SftpServer, **options: Any) -> Archive:
    return archive(**{"url": server.url, "key": server.key, "known_hosts": server.known_hosts, "timeout": 3} | options)


def s3(server: S3Server, **options: Any) -> Archive:
    known = {"url": server.url, "server": server.address, "access_key": "key", "secret": "secret", "timeout": 3}
    return archive(**known | options)


@pytest.fixture(scope="module")
def sftp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    server = SftpServer(tmp_path_factory.mktemp("sftp"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    server = S3Server(tmp_path_factory.mktemp("s3"))
    yield server
    server.close()


@pytest.fixture(params=["sftp", "s3"])
def store(request: pytest.FixtureRequest, sftp_server: SftpServer, s3_server: S3Server) -> Iterator[Store]:
    with opened(sftp(sftp_server) if request.param == "sftp" else s3(s3_server)) as found:
        yield found


def test_what_was_sent_is_read_back_fetched_and_removed(store: Store) -> None:
    assert store.size(NAME) is None
    assert store.send(NAME, io.BytesIO(CONTENT)) == SHA256
    assert store.sha256(NAME) == (SHA256, len(CONTENT))
    out = io.BytesIO()
    store.fetch(NAME, out)
    assert out.getvalue() == CONTENT
    store.remove(NAME)
    assert store.size(NAME) is None
    store.remove(NAME)


def test_a_file_that_is_not_there_is_told_as_that(store: Store) -> None:
    with pytest.raises(FileNotFoundError):
        store.sha256("2026/05/28/nothing.wav")


def test_a_store_that_was_used_before_is_known_again_and_no_other_is_taken_for_it(store: Store) -> None:
    with pytest.raises(StoreAway, match="not the one that recordings were copied to"):
        store.claim("ours", first=False)
    store.claim("ours", first=True)
    store.claim("ours", first=False)
    with pytest.raises(StoreAway, match="belongs to another Callwarden"):
        store.claim("theirs", first=True)
    store.remove(".callwarden-store")


def test_sending_again_replaces_what_a_crash_left(store: Store) -> None:
    store.send(NAME, io.BytesIO(CONTENT[:1000]))
    store.send(NAME, io.BytesIO(CONTENT))
    assert store.sha256(NAME) == (SHA256, len(CONTENT))
    store.remove(NAME)


def test_stopping_ends_a_transfer_soon(sftp_server: SftpServer) -> None:
    with opened(sftp(sftp_server), lambda: True) as store, pytest.raises(Stopped):
        store.send(NAME, io.BytesIO(CONTENT))


def test_a_fetched_file_has_no_name_here(sftp_server: SftpServer, tmp_path: Path) -> None:
    with opened(sftp(sftp_server)) as store:
        store.claim("ours", first=True)
        store.send(NAME, io.BytesIO(CONTENT))
    with fetched(sftp(sftp_server), "ours", NAME, tmp_path) as file:
        assert file.read() == CONTENT
        assert list(tmp_path.iterdir()) == []
        assert sftp_server.names() == [".callwarden-store", NAME]
    with opened(sftp(sftp_server)) as store:
        store.remove(NAME)
        store.remove(".callwarden-store")
    assert list(sftp_server.files.iterdir()) == []


def test_a_bucket_with_versions_keeps_none(tmp_path: Path) -> None:
    server = S3Server(tmp_path)
    try:
        with opened(s3(server)) as store:
            enabled = {"Bucket": BUCKET, "VersioningConfiguration": {"Status": "Enabled"}}
            store._fs.call_s3("put_bucket_versioning", **enabled)
            store.send(NAME, io.BytesIO(CONTENT))
            store.send(NAME, io.BytesIO(CONTENT))
            assert server.listing("versions").count("<Version>") == 2
            store.remove(NAME)
        assert NAME not in server.listing("versions")
    finally:
        server.close()


def test_a_broken_off_upload_goes_with_its_recording(s3_server: S3Server) -> None:
    with opened(s3(s3_server)) as store:
        store._fs.call_s3("create_multipart_upload", Bucket="recordings", Key=f"clinic/{NAME}")
        assert NAME in s3_server.listing("uploads")
        store.remove(NAME)
    assert NAME not in s3_server.listing("uploads")


def test_a_server_with_another_host_key_gets_nothing(tmp_path: Path) -> None:
    server = SftpServer(tmp_path)
    try:
        server.other_host_key()
        with pytest.raises(StoreAway, match=r"could not be reached: .*key"):
            Store(sftp(server))
        (tmp_path / "empty").write_text("")
        with pytest.raises(StoreAway, match="not found in known_hosts"):
            Store(sftp(server, known_hosts=tmp_path / "empty"))
        with pytest.raises(StoreAway, match="ssh-keyscan"):
            Store(sftp(server, known_hosts=tmp_path / "missing"))
    finally:
        server.close()


def test_a_server_that_is_down_and_one_that_hangs_are_away(tmp_path: Path) -> None:
    server = SftpServer(tmp_path)
    try:
        with opened(sftp(server, timeout=2)) as store:
            server.freeze()
            with pytest.raises(StoreAway):
                store.size(NAME)
        server.stop()
        with pytest.raises(StoreAway, match="could not be reached"):
            Store(sftp(server))
    finally:
        server.close()


def test_a_key_that_is_refused_is_told_without_it(sftp_server: SftpServer) -> None:
    with pytest.raises(StoreAway, match=r"could not be reached: .*uthentication") as refused:
        Store(sftp(sftp_server, key=sftp_server.home.outside / "host-key", secret="wrong-password"))
    assert "wrong-password" not in str(refused.value)


def test_an_s3_server_that_is_down_is_away(tmp_path: Path, s3_server: S3Server) -> None:
    gone = s3(s3_server).model_copy(update={"server": "http://127.0.0.1:1", "timeout": 2})
    with opened(gone) as store, pytest.raises(StoreAway):
        store.size(NAME)


def test_a_bucket_that_is_not_there_is_told(s3_server: S3Server) -> None:
    with opened(s3(s3_server, url="s3://nothing/here")) as store:
        with pytest.raises(StoreAway, match="did not take"):
            store.send(NAME, io.BytesIO(CONTENT))
        with pytest.raises(StoreAway, match="did not delete"):
            store.remove(NAME)
