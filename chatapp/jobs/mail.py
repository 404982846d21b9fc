"""Delivers mail: printed where chatapp was started, or through the operator's mail server."""

from __future__ import annotations

import ipaddress
import sys
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final, TextIO
from urllib.parse import unquote, urlsplit

from chatapp.core.mail import Mail, decode
from chatapp.lines import unhurried
from chatapp.settings import Settings

SUBMISSION: Final = 587
SUBMISSIONS: Final = 465
SECONDS: Final = 30
NO_NETWORK: Final = "localhost"


class Postman:
    """Called with an encoded mail; raises what the mail server answers."""

    def __init__(self, settings: Settings, console: TextIO | None = None) -> None:
        self._url = settings.smtp_url
        self._may_be_plain = settings.allow_plain_smtp
        self._sender = settings.mail_from
        self._name = settings.name
        self._console = console

    async def deliver(self, payload: str) -> None:
        mail = decode(payload)
        if self._url:
            await self._send(mail)
        else:
            self._print(mail)

    def message(self, mail: Mail) -> EmailMessage:
        """Raises ``ValueError`` where a header would hold a line break."""
        message = EmailMessage()
        message["From"] = Address(self._name, addr_spec=self._sender)
        message["To"] = Address(addr_spec=mail.to)
        message["Subject"] = mail.subject
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=self._sender.rpartition("@")[2] or None)
        # RFC 3834: no out-of-office answers to this.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.body)
        return message

    async def _send(self, mail: Mail) -> None:
        import aiosmtplib

        server = urlsplit(self._url)
        is_tls = server.scheme == "smtps"
        await aiosmtplib.send(
            self.message(mail),
            hostname=server.hostname,
            port=server.port or (SUBMISSIONS if is_tls else SUBMISSION),
            username=unquote(server.username) if server.username else None,
            password=unquote(server.password) if server.password else None,
            use_tls=is_tls,
            # None: STARTTLS where the server offers it. True: or no mail, since whoever is in between can take the
            # offer away and read the password and every link.
            start_tls=False if is_tls else self._must_be_encrypted(server.hostname or "") or None,
            timeout=SECONDS,
        )

    def _must_be_encrypted(self, host: str) -> bool:
        return not self._may_be_plain and not _is_this_machine(host)

    def _print(self, mail: Mail) -> None:
        rule = "-" * 72
        text = f"{rule}\nMail to {mail.to}: {mail.subject}\n\n{mail.body}{rule}\n"
        self._console = self._console or unhurried(sys.stdout)
        self._console.write(text)
        self._console.flush()


def _is_this_machine(host: str) -> bool:
    try:
        return host == NO_NETWORK or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
