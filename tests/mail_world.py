"""A real mail server on a real socket (aiosmtpd), with TLS and a password where asked for, that may refuse or stall."""

import asyncio
import ssl
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "callwarden", "smtp-pass-of-tests"


class MailServer:
    """``mails`` is what it took; ``refuses`` what it answers to a mail instead of taking it."""

    def __init__(self, folder: Path, security: str = "none", password: bool = False) -> None:
        self.mails: list[EmailMessage] = []
        self.refuses = ""
        self.port = 0
        self.ca = folder / "ca.pem"
        self._security, self._password = security, password
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.ca))
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("localhost").configure_cert(self._tls)
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        tls = self._tls if self._security == "tls" else None
        self._server = await asyncio.get_running_loop().create_server(self._session, "localhost", self.port, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _session(self) -> SMTP:
        starttls = self._security == "starttls"
        return SMTP(
            self,
            hostname="mail.example.org",
            tls_context=self._tls if starttls else None,
            require_starttls=starttls,
            auth_required=self._password,
            auth_require_tls=starttls,
            authenticator=_authenticate,
        )

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Called by aiosmtpd for each mail."""
        if self.refuses:
            return self.refuses
        assert isinstance(envelope.content, bytes)
        mail: Any = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append(mail)
        return "250 taken"


def _authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any) -> AuthResult:
    right = isinstance(given, LoginPassword) and (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


def text_of(mail: EmailMessage) -> str:
    """Its words."""
    return str(mail.get_content()).replace("\r\n", "\n")
