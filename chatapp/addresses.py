"""Judges the addresses that an operator writes: hosts, networks, URLs."""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

UNREADABLE: Final = (
    "cannot be read: in a password / ? # [ ] @ are written %2F %3F %23 %5B %5D %40; parameters are name=value."
)


def is_address(url: str, *schemes: str) -> bool:
    """Whether it is a host under one of the schemes, and nothing behind it."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.hostname) and not (parts.path.strip("/") or parts.query)


def is_readable(url: str) -> bool:
    """Whether hosts, ports and password of a database or a bus are where they seem to be."""
    # Read otherwise than it was meant, a part of the password would be taken for the host, and be said.
    try:
        parts = urlsplit(url)
        asked = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        return False
    person, at, hosts = parts.netloc.rpartition("@")
    found = [re.fullmatch(r"(?:\[[^]]*\]|[^:]*)(?::(\d{1,5}))?", host) for host in hosts.split(",")]
    ports = [each and (each[1] or "0") for each in found] + asked.get("port", "0").split(",")
    return (
        all(port and re.fullmatch(r"\d{1,5}", port) and int(port) < 2**16 for port in ports)
        and "@" not in (person if at else url)
        and "%00" not in url
    )


def is_guarded(url: str) -> bool:
    """Whether nobody is in between: every host is this machine, or proves who it is."""
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query))
    named = parts.netloc.rpartition("@")[2] or asked.get("host", "")
    hosts = [unquote(re.sub(r":\d*$", "", host)).strip("[]") for host in named.split(",") if host]
    # A folder is that of a socket.
    is_here = all(host.startswith("/") or is_this_machine(host) for host in hosts)
    return is_here or asked.get("sslmode") == "verify-full"


def is_contact(url: str) -> bool:
    """Whether one can write to it: a mailto, or a page."""
    if not (url.isascii() and url.isprintable()) or " " in url:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return "@" in parts.path if parts.scheme == "mailto" else parts.scheme == "https" and bool(parts.hostname)


def is_this_machine(host: str) -> bool:
    """Whether nobody else is on the way to it."""
    return host == "localhost" or (is_network(host) and ipaddress.ip_network(host, strict=False).is_loopback)


def is_network(text: str) -> bool:
    """Whether it is an address or a network."""
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
