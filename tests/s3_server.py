"""An S3-compatible server over real HTTP: moto, as a process of its own, on a free port of loopback."""

import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from ports import free_port
from sftp_server import answers

BUCKET = "recordings"


class S3Server:
    """With one bucket."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        with (folder / "s3.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
                stdout=log, stderr=log, env={**os.environ, "PYTHONWARNINGS": "ignore"},
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while not answers(self.port):
            assert time.monotonic() < deadline, (folder / "s3.log").read_text()
            time.sleep(0.05)
        self._ask("PUT", "")

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"s3://{BUCKET}/clinic"

    def listing(self, question: str = "list-type=2") -> str:
        """What the server itself says that it has."""
        with urllib.request.urlopen(f"{self.address}/{BUCKET}?{question}", timeout=10) as answer:
            text: str = answer.read().decode()
            return text

    def put(self, key: str, content: bytes) -> None:
        """As somebody else does it."""
        self._ask("PUT", f"/{key}", content)

    def begin_upload(self, key: str, part: bytes) -> None:
        """In parts, of which only the first comes."""
        answer = self._ask("POST", f"/{key}?uploads")
        found = re.search("<UploadId>(.*?)</UploadId>", answer)
        assert found is not None, answer
        self._ask("PUT", f"/{key}?partNumber=1&uploadId={found[1]}", part)

    def _ask(self, method: str, what: str, content: bytes = b"") -> str:
        headers = {"Content-Type": "application/octet-stream"}
        request = urllib.request.Request(f"{self.address}/{BUCKET}{what}", content, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            text: str = answer.read().decode()
            return text

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
