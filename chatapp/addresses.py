"""Judges the addresses that an operator writes: hosts, networks, URLs."""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

UNREADABLE: Final = "cannot be read: in a password / ? # [ ] @ are written %2F %3F %23 %5B %5D %40."


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
        person, at, hosts = urlsplit(url).netloc.rpartition("@")
    except ValueError:
        return False
    ports = [re.fullmatch(r"(?:\[[^]]*\]|[^:]*)(?::(\d{1,5}))?", host) for host in hosts.split(",")]
    return all(port and int(port[1] or 0) < 2**16 for port in ports) and "@" not in (person if at else url)


def is_guarded(url: str) -> bool:
    """Whether nobody is in between: every host is this machine, or proves who it is."""
    parts = urlsplit(url)
    hosts = [host.rpartition(":")[0] or host for host in parts.netloc.rpartition("@")[2].split(",") if host]
    return "sslmode=verify-full" in parts.query.split("&") or all(is_this_machine(host.strip("[]")) for host in hosts)


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
