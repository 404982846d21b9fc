"""Mail reaches the console or a real mail server, with nothing smuggled into its headers."""

from __future__ import annotations

import asyncio
import io
import os
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import aiosmtplib
import msgspec
import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from chatapp.core import mail
from chatapp.core.mail import Mail
from chatapp.jobs.mail import Postman
from chatapp.settings import Settings

LINK = "https://chat.test/verify/secret"
LETTER = mail.verification(to="ada@example.org", username="ada", chat="Ünïchat", link=LINK)
SETTINGS = Settings(name="Ünïchat", mail_from="chat@example.org")


class Inbox:
    """A mail server's memory."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.envelopes: list[Any] = []
        self.logins: list[tuple[bytes, bytes]] = []
        self.was_encrypted: list[bool] = []
        self.refusal = ""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refusal:
            return self.refusal
        self.was_encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        self.envelopes.append(envelope)
        self.letters.append(message_from_bytes(envelope.content, EmailMessage, policy=policy.default))
        return "250 OK"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, credentials: Any) -> AuthResult:
        assert isinstance(credentials, LoginPassword)
        self.logins.append((credentials.login, credentials.password))
        return AuthResult(success=credentials.password == b"p@ss:word", handled=False)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    signed = builder.add_extension(here, critical=False).sign(key, hashes.SHA256())
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + signed.public_bytes(Encoding.PEM))
    return path


@asynccontextmanager
async def listening(inbox: Inbox, *, tls: Path | None = None, starttls: Path | None = None) -> AsyncIterator[str]:
    """A mail server on a free port; its host and port."""
    options: dict[str, Any] = {"authenticator": inbox.authenticate, "auth_require_tls": False, "hostname": "here"}
    if starttls:
        options["tls_context"] = context(starttls)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(inbox, loop=loop, **options), "127.0.0.1", 0, ssl=context(tls) if tls else None
    )
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


def context(certificate: Path) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate)
    return made


def body_of(letter: EmailMessage) -> str:
    """As it was written: on the way its lines end in CR LF."""
    return str(letter.get_content()).replace("\r\n", "\n")


def postman(url: str, *, may_be_plain: bool = False) -> Postman:
    return Postman(replace(SETTINGS, smtp_url=url, allow_plain_smtp=may_be_plain))


async def test_without_a_mail_server_it_is_printed_with_the_link_on_its_own_line() -> None:
    console = io.StringIO()
    await Postman(SETTINGS, console).deliver(mail.encode(LETTER))
    lines = console.getvalue().splitlines()
    assert LINK in lines
    assert any("ada@example.org" in line for line in lines)


async def test_by_default_the_console_is_where_chatapp_runs(capsys: pytest.CaptureFixture[str]) -> None:
    await Postman(SETTINGS).deliver(mail.encode(LETTER))
    assert LINK in capsys.readouterr().out.splitlines()


async def test_a_console_that_nobody_reads_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 512)
    os.set_blocking(writer, True)
    with os.fdopen(writer, "w") as console:
        monkeypatch.setattr(sys, "stdout", console)
        delivery = asyncio.create_task(asyncio.to_thread(asyncio.run, Postman(SETTINGS).deliver(mail.encode(LETTER))))
        try:
            done, _ = await asyncio.wait([delivery], timeout=10)
            found = b""
            while LINK.encode() not in found:
                found += os.read(reader, 65_536)
        finally:
            os.close(reader)
            await asyncio.wait([delivery])
    assert done == {delivery}


async def test_a_mail_server_gets_it_whole(inbox: Inbox) -> None:
    async with listening(inbox) as where:
        await postman(f"smtp://{where}").deliver(mail.encode(LETTER))
    (letter,), (envelope,) = inbox.letters, inbox.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("chat@example.org", ["ada@example.org"])
    assert letter["From"] == "Ünïchat <chat@example.org>"
    assert letter["To"] == "ada@example.org"
    assert letter["Subject"] == LETTER.subject
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Message-ID"].endswith("@example.org>")
    assert body_of(letter) == LETTER.body
    assert inbox.was_encrypted == [False]


async def test_name_and_password_of_the_url_are_used(inbox: Inbox) -> None:
    async with listening(inbox) as where:
        await postman(f"smtp://ada%40x:p%40ss%3Aword@{where}").deliver(mail.encode(LETTER))
        with pytest.raises(aiosmtplib.SMTPAuthenticationError):
            await postman(f"smtp://ada:wrong@{where}").deliver(mail.encode(LETTER))
    assert inbox.logins[0] == (b"ada@x", b"p@ss:word")
    assert len(inbox.letters) == 1


async def test_it_is_encrypted_where_the_server_offers_it(
    inbox: Inbox, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with listening(inbox, starttls=certificate) as where:
        await postman(f"smtp://{where}").deliver(mail.encode(LETTER))
    async with listening(inbox, tls=certificate) as where:
        await postman(f"smtps://{where}").deliver(mail.encode(LETTER))
    assert inbox.was_encrypted == [True, True]


async def test_nothing_goes_to_another_machine_unencrypted_unless_it_may(inbox: Inbox) -> None:
    async with listening(inbox) as where:
        # A name of this machine that does not look like one.
        elsewhere = f"smtp://ada%40x:p%40ss%3Aword@{where.replace('127.0.0.1', '127.1')}"
        with pytest.raises(aiosmtplib.SMTPException, match="STARTTLS"):
            await postman(elsewhere).deliver(mail.encode(LETTER))
        assert (inbox.letters, inbox.logins) == ([], [])
        await postman(elsewhere, may_be_plain=True).deliver(mail.encode(LETTER))
    assert inbox.was_encrypted == [False]


async def test_a_server_that_cannot_prove_who_it_is_gets_nothing(inbox: Inbox, certificate: Path) -> None:
    async with listening(inbox, tls=certificate) as where:
        with pytest.raises(aiosmtplib.SMTPConnectError):
            await postman(f"smtps://{where}").deliver(mail.encode(LETTER))
    assert inbox.letters == []


async def test_a_refusal_and_a_missing_server_are_failures_of_the_job(inbox: Inbox) -> None:
    inbox.refusal = "451 come back later"
    async with listening(inbox) as where:
        with pytest.raises(aiosmtplib.SMTPDataError):
            await postman(f"smtp://{where}").deliver(mail.encode(LETTER))
    with pytest.raises(aiosmtplib.SMTPConnectError):
        await postman(f"smtp://{where}").deliver(mail.encode(LETTER))


@pytest.mark.parametrize(
    "letter",
    [
        Mail("ada@example.org\nBcc: eve@evil.example", "s", "b"),
        Mail("ada@example.org, eve@evil.example", "s", "b"),
        Mail("ada@example.org", "s\r\nBcc: eve@evil.example", "b"),
    ],
)
async def test_nothing_is_smuggled_into_a_header(inbox: Inbox, letter: Mail) -> None:
    async with listening(inbox) as where:
        with pytest.raises((ValueError, HeaderParseError)):
            await postman(f"smtp://{where}").deliver(mail.encode(letter))
    assert inbox.letters == []


async def test_a_body_may_say_anything_and_stays_a_body(inbox: Inbox) -> None:
    body = "Bcc: eve@evil.example\n.\n\n.\nQUIT\n<script>李白</script>\n" + "x" * 2000 + "\n"
    async with listening(inbox) as where:
        await postman(f"smtp://{where}").deliver(mail.encode(Mail("ada@example.org", "李白 🦜", body)))
    (letter,) = inbox.letters
    assert body_of(letter) == body
    assert letter["Subject"] == "李白 🦜"
    assert letter["Bcc"] is None
    assert letter.get_content_type() == "text/plain"


async def test_a_payload_that_is_no_mail_is_a_failure_of_the_job() -> None:
    for payload in ("", "{}", "[]", '{"to": 7}'):
        with pytest.raises(msgspec.MsgspecError):
            await Postman(SETTINGS).deliver(payload)
