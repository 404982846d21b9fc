"""Everything an operator can set: one frozen object, read once, that explains itself."""

from __future__ import annotations

import dataclasses
import difflib
import importlib.util
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, Self

from chatapp.addresses import UNREADABLE, is_address, is_contact, is_guarded, is_network, is_readable, is_this_machine

PREFIX: Final = "CHATAPP_"
FOR_TESTS: Final = ("CHATAPP_CHROMIUM", "CHATAPP_FIREFOX", "CHATAPP_TEST_")
SHARED_SECRET_BYTES: Final = 32


class SettingsError(Exception):
    """One or more settings are wrong; ``problems`` holds a sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def _setting(default: Any, help_text: str, *, secret: bool = False, minimum: int | None = None) -> Any:
    return field(default=default, metadata={"help": help_text, "secret": secret, "minimum": minimum})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings with their defaults. The environment name is ``CHATAPP_`` and the upper-case name."""

    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(8080, "Port to listen on; 0 takes a free one.", minimum=0)
    data: Path = _setting(Path("data"), "Folder of the database, the files and the secrets.")
    base_url: str = _setting("", "Public address, as in https://chat.example.org. Empty: the host each request names.")
    name: str = _setting("chatapp", "Name shown on every page.")
    database_url: str = _setting(
        "",
        "PostgreSQL database, as in postgresql://user:password@host/name. Empty: a file in the data folder.",
        secret=True,
    )
    redis_url: str = _setting("", "Redis or Valkey to carry news between processes. Empty: PostgreSQL.", secret=True)
    durability: Literal["full", "normal"] = _setting(
        "full", "full: an answered message survives a power cut. normal: faster, the last moments may be lost then."
    )
    registration: Literal["open", "invite", "closed"] = _setting("invite", "Who may make an account.")
    smtp_url: str = _setting(
        "", "Mail server, as in smtp://user:password@host:587. Empty: mail is printed on the console.", secret=True
    )
    allow_plain_smtp: bool = _setting(False, "Send mail to other machines also where it cannot be encrypted.")
    mail_from: str = _setting("chatapp@localhost", "Sender of mail.")
    shared_jwt_secret: str = _setting(
        "", "Secret shared with another program that mints JWTs for our people. Empty: off.", secret=True
    )
    shared_jwt_audience: str = _setting(
        "", "What the aud of such a JWT must hold, as in https://chat.example.org. Empty: it is not looked at."
    )
    allow_weak_shared_secret: bool = _setting(False, "Accept a shared secret under 32 bytes.")
    token_in_address: bool = _setting(True, "Take a token in the address of a socket. off: there only tickets count.")
    trusted_proxies: tuple[str, ...] = _setting(
        (), "Addresses or networks of reverse proxies whose X-Forwarded-* headers count; separated by commas."
    )
    security_contact: str = _setting(
        "", "Where to report holes, as in mailto:security@example.org or https://…; shown at /.well-known/security.txt."
    )
    push_contact: str = _setting(
        "",
        "Whom push services may write to, as in mailto:admin@example.org. Empty: CHATAPP_SECURITY_CONTACT, else an "
        "https CHATAPP_BASE_URL; with none of them closed browsers are not told.",
    )
    push_networks: tuple[str, ...] = _setting(
        (), "Networks with push services of your own, taken over http too; separated by commas. Others: the internet."
    )
    log_format: Literal["text", "json"] = _setting("text", "Form of the log lines on stderr.")
    limits: bool = _setting(True, "off switches the rate and connection limits off, for benchmarks.")
    heartbeat: int = _setting(25, "Seconds between pings to a silent socket.", minimum=1)
    max_content: int = _setting(8000, "Longest message, in code points.", minimum=1)
    max_frame: int = _setting(65536, "Largest frame a client may send, in bytes.", minimum=1024)
    max_file: int = _setting(26_214_400, "Largest file, in bytes; 0: no files are taken.", minimum=0)
    files_per_person: int = _setting(
        2_147_483_648, "Bytes that the files of one person may take, copies of pictures too; 0: no limit.", minimum=0
    )
    backlog_bytes: int = _setting(
        262144, "Unsent bytes after which a socket gets no pushes until it has read them.", minimum=16384
    )
    stalled_seconds: int = _setting(30, "Seconds after which a connection that reads nothing is dropped.", minimum=1)
    sockets_per_person: int = _setting(20, "Sockets one person may hold at once.", minimum=1)
    sockets_per_address: int = _setting(
        100, "Sockets one address may hold; of all connections four times as many, a trusted proxy's aside.", minimum=1
    )
    message_burst: int = _setting(20, "Messages one person may send at once.", minimum=1)
    messages_per_minute: int = _setting(120, "Messages one person may send per minute.", minimum=1)
    messages_per_minute_in_room: int = _setting(
        60, "Messages one person may send per minute to one room, after the burst.", minimum=1
    )
    requests_per_minute: int = _setting(
        600, "HTTP requests one person may send per minute; all strangers of an address five times as many.", minimum=1
    )
    upgrades_per_minute: int = _setting(
        60, "Sockets one person may open per minute; an address may open five times as many.", minimum=1
    )
    login_tries: int = _setting(
        10,
        "Failed logins per address in a window; an account allows five times as many per hour from all addresses "
        "but those of browsers it has logged in with before.",
        minimum=1,
    )
    login_window_seconds: int = _setting(180, "Length of that window, in seconds.", minimum=1)
    session_idle_days: int = _setting(
        14, 'Days after which an unused session ends; without "Keep me logged in" it is 1 day at most.', minimum=1
    )
    session_days: int = _setting(30, "Days after which any session ends.", minimum=1)
    audit_days: int = _setting(365, "Days that entries of the audit log are kept; 0 keeps them for ever.", minimum=0)
    password_memory_kib: int = _setting(19456, "Memory of one password hash (Argon2id), in KiB.", minimum=32)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read the environment; raise :class:`SettingsError` listing everything that is wrong."""
        problems = [_unknown(name) for name in environ if _is_misspelt(name)]
        values: dict[str, Any] = {}
        for name, spec in _specs().items():
            try:
                raw = _raw(name, spec, environ)
                if raw is not None:
                    values[spec.name] = _parse(raw, spec)
            except (ValueError, OSError) as error:
                problems.append(f"{name}: {error}.")
        if problems:
            raise SettingsError(problems)
        settings = cls(**values)
        problems = list(settings.problems())
        if problems:
            raise SettingsError(problems)
        return settings

    def problems(self) -> Iterator[str]:
        """Sentences about settings that do not go together."""
        weak = 0 < len(self.shared_jwt_secret.encode()) < SHARED_SECRET_BYTES
        if weak and not self.allow_weak_shared_secret:
            yield (
                f"CHATAPP_SHARED_JWT_SECRET has fewer than {SHARED_SECRET_BYTES} bytes and can be guessed. "
                "Use a longer one, or set CHATAPP_ALLOW_WEAK_SHARED_SECRET=1 to accept the risk."
            )
        if self.base_url and not is_address(self.base_url, "http", "https"):
            yield "CHATAPP_BASE_URL must be like https://chat.example.org: http or https, a host, no path."
        if self.database_url:
            yield from _database_problems(self.database_url)
        yield from _redis_problems(self.redis_url, self.database_url)
        if self.smtp_url and not is_address(self.smtp_url, "smtp", "smtps"):
            yield "CHATAPP_SMTP_URL must be like smtp://user:password@host:587: smtp or smtps, and a host."
        if self.security_contact and not is_contact(self.security_contact):
            yield "CHATAPP_SECURITY_CONTACT must be like mailto:security@example.org or https://example.org/security."
        yield from _push_problems(self.push_contact, self.push_networks)
        if not self.mail_from.isprintable():
            yield "CHATAPP_MAIL_FROM must be one line."
        for proxy in self.trusted_proxies:
            if not is_network(proxy):
                yield f"CHATAPP_TRUSTED_PROXIES: {proxy} is not an address or a network."
        if self.port > 65535:
            yield "CHATAPP_PORT must be at most 65535."

    def warnings(self) -> Iterator[str]:
        """Sentences the operator should see at every start."""
        if 0 < len(self.shared_jwt_secret.encode()) < SHARED_SECRET_BYTES:
            yield "CHATAPP_SHARED_JWT_SECRET is weak: whoever guesses it can sign in as anybody."
        if self.shared_jwt_secret and not self.shared_jwt_audience:
            yield "CHATAPP_SHARED_JWT_AUDIENCE is not set: what the other program signs for others counts here too."
        if not self.limits:
            yield "CHATAPP_LIMITS is off: nothing slows a flood down."
        if self.database_url and not is_guarded(self.database_url):
            yield "CHATAPP_DATABASE_URL leads to another machine without sslmode=verify-full: others may read it all."
        if self.redis_url and not (self.redis_url.startswith("rediss://") or is_guarded(self.redis_url)):
            yield "CHATAPP_REDIS_URL leads to another machine without rediss://: others may read every message."
        if not (self.is_https or is_this_machine(self.host)):
            yield "CHATAPP_BASE_URL is not https: whoever is in between reads passwords and messages."

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def push_subject(self) -> str:
        return self.push_contact or self.security_contact or (self.base_url if self.is_https else "")

    @property
    def database_path(self) -> Path:
        return self.data / "chatapp.db"

    def table(self) -> list[tuple[str, str, str, str]]:
        """Rows of (environment name, value, default, help); secrets as stars."""
        rows = []
        for name, spec in _specs().items():
            value = _shown(getattr(self, spec.name))
            if spec.metadata["secret"] and value:
                value = "***"
            rows.append((name, value, _shown(spec.default), spec.metadata["help"]))
        return rows


def _specs() -> dict[str, dataclasses.Field[Any]]:
    return {PREFIX + spec.name.upper(): spec for spec in dataclasses.fields(Settings)}


def _is_misspelt(name: str) -> bool:
    known = _specs()
    is_secret_file = name.endswith("_FILE") and name[:-5] in known and known[name[:-5]].metadata["secret"]
    return name.startswith(PREFIX) and name not in known and not is_secret_file and not name.startswith(FOR_TESTS)


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name, _specs(), n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    return f"There is no setting {name}.{hint}"


def _raw(name: str, spec: dataclasses.Field[Any], environ: Mapping[str, str]) -> str | None:
    path = environ.get(name + "_FILE") if spec.metadata["secret"] else None
    return Path(path).read_text().strip() if path else environ.get(name)


def _parse(raw: str, spec: dataclasses.Field[Any]) -> Any:
    if not raw.isascii() and any("\ud800" <= character <= "\udfff" for character in raw):
        raise ValueError("must be text in UTF-8")
    kind = typing.get_type_hints(Settings)[spec.name]
    if typing.get_origin(kind) is Literal:
        if raw not in typing.get_args(kind):
            raise ValueError(f"must be one of {', '.join(typing.get_args(kind))}")
        return raw
    if kind is bool:
        return _boolean(raw)
    if kind is int:
        return _integer(raw, spec.metadata["minimum"])
    if kind is Path:
        return _path(raw)
    if kind is str:
        return raw.rstrip("/") if spec.name == "base_url" else raw
    return tuple(part.strip() for part in raw.split(",") if part.strip())


def _path(raw: str) -> Path:
    try:
        return Path(raw).expanduser()
    except RuntimeError:
        raise ValueError("begins with the home folder of somebody who has none") from None


def _boolean(raw: str) -> bool:
    words = {"1": True, "on": True, "true": True, "yes": True, "0": False, "off": False, "false": False, "no": False}
    if raw.lower() not in words:
        raise ValueError("must be on or off")
    return words[raw.lower()]


def _integer(raw: str, minimum: int | None) -> int:
    try:
        value = int(raw)
    except ValueError:
        raise ValueError("must be a whole number") from None
    if minimum is not None and value < minimum:
        raise ValueError(f"must be at least {minimum}")
    return value


def _database_problems(url: str) -> Iterator[str]:
    if not url.startswith(("postgresql://", "postgres://")):
        yield "CHATAPP_DATABASE_URL must be like postgresql://user:password@host/name."
    elif not is_readable(url):
        yield f"CHATAPP_DATABASE_URL {UNREADABLE}"
    elif importlib.util.find_spec("asyncpg") is None:
        yield "CHATAPP_DATABASE_URL needs a library that is not installed: pip install 'chatapp[postgres]'"


def _redis_problems(url: str, database_url: str) -> Iterator[str]:
    if url and not (database_url and url.startswith(("redis://", "rediss://"))):
        yield "CHATAPP_REDIS_URL must be like redis://:password@host:6379, beside a CHATAPP_DATABASE_URL."
    elif url and not is_readable(url):
        yield f"CHATAPP_REDIS_URL {UNREADABLE}"
    elif url and importlib.util.find_spec("redis") is None:
        yield "CHATAPP_REDIS_URL needs a library that is not installed: pip install 'chatapp[redis]'"


def _push_problems(contact: str, networks: tuple[str, ...]) -> Iterator[str]:
    if contact and not is_contact(contact):
        yield "CHATAPP_PUSH_CONTACT must be like mailto:admin@example.org or https://example.org/contact."
    elif contact and importlib.util.find_spec("http_ece") is None:
        yield "CHATAPP_PUSH_CONTACT needs a library that is not installed: pip install 'chatapp[push]'"
    for network in networks:
        if not is_network(network):
            yield f"CHATAPP_PUSH_NETWORKS: {network} is not an address or a network."


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return ",".join(value) if isinstance(value, tuple) else str(value)
