"""The file systems of fsspec behind the external store, made safe: host keys are checked, everything has a time-out,
and what was deleted from a bucket is deleted in all its versions.

Takes the settings, gives a connected file system; the libraries are an extra (`callwarden[archive]`), so they are
imported when they are needed. Raises whatever they raise.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from callwarden.config.archive import Archive

ALIVE_SECONDS = 15  # how often a quiet SSH connection is asked whether it lives
S3_TRIES = 2  # of one request; what fails after that waits for the next round


class StoreAway(ConnectionError):
    """The store cannot be reached, refuses us, or failed; ``strerror`` is a sentence. Later it may work."""


def sftp(archive: Archive) -> Any:
    """fsspec's own file system trusts whatever host key comes first; this one only those of the file."""
    import paramiko
    from fsspec.implementations.sftp import SFTPFileSystem

    class Checked(SFTPFileSystem):  # type: ignore[misc]
        cachable = False

        def _connect(self) -> None:
            self.client = paramiko.SSHClient()
            self.client.load_host_keys(archive.known_hosts)
            self.client.set_missing_host_key_policy(paramiko.RejectPolicy())
            try:
                self.client.connect(self.host, **self.ssh_kwargs)
                transport = self.client.get_transport()
                transport.set_keepalive(ALIVE_SECONDS)
                self.ftp = self.client.open_sftp()
                self.ftp.get_channel().settimeout(archive.timeout)
            except BaseException:
                self.client.close()
                raise

    parts = urlsplit(archive.url)
    if not Path(archive.known_hosts or "/nonexistent").is_file():
        raise StoreAway(
            errno.ENOENT,
            f"There is no file of host keys at {archive.known_hosts}: ssh-keyscan {parts.hostname} prints them; "
            "compare what it prints with what the store's operator tells you.",
        )
    return Checked(
        parts.hostname,
        port=parts.port or 22,
        username=parts.username,
        password=archive.secret.get_secret_value() or None,
        key_filename=archive.key or None,
        allow_agent=False,
        look_for_keys=False,
        timeout=archive.timeout,
        banner_timeout=archive.timeout,
        auth_timeout=archive.timeout,
    )


def s3(archive: Archive) -> Any:
    from s3fs import S3FileSystem

    fs = S3FileSystem(
        key=archive.access_key or None,
        secret=archive.secret.get_secret_value() or None,
        endpoint_url=archive.server or None,
        client_kwargs={"region_name": archive.region} if archive.region else {},
        config_kwargs={
            "connect_timeout": archive.timeout,
            "read_timeout": archive.timeout,
            "retries": {"max_attempts": 1},
        },
        max_concurrency=1,
        use_listings_cache=False,
        skip_instance_cache=True,
    )
    fs.retries = S3_TRIES
    fs.connect()
    return fs


def remove_versions(fs: Any, path: str) -> None:
    """A bucket with versions keeps what was deleted, and one of any kind keeps the parts of a broken-off upload."""
    bucket, key, _ = fs.split_path(path)
    with _where_there_are_versions():
        listed = fs.call_s3("list_object_versions", Bucket=bucket, Prefix=key)
        for one in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]:
            if one["Key"] == key and one.get("VersionId", "null") != "null":
                fs.call_s3("delete_object", Bucket=bucket, Key=key, VersionId=one["VersionId"])
    with _where_there_are_versions():
        for one in fs.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=key).get("Uploads", []):
            if one["Key"] == key:
                fs.call_s3("abort_multipart_upload", Bucket=bucket, Key=key, UploadId=one["UploadId"])
    fs.invalidate_cache()


@contextmanager
def _where_there_are_versions() -> Iterator[None]:
    """Some S3-compatible servers have no versions at all, and say that they do not know the question."""
    try:
        yield
    except NotImplementedError:
        pass
    except OSError as error:
        if "NotImplemented" not in str(error):
            raise
