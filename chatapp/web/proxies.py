"""What a request looks like from outside: address, scheme and host, past the proxies that are trusted."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Proxies:
    """Believes ``X-Forwarded-*`` only when it comes from one of ``trusted`` (addresses or networks)."""

    def __init__(self, trusted: Sequence[str], base_url: str = "") -> None:
        self._trusted: tuple[Network, ...] = tuple(ipaddress.ip_network(name, strict=False) for name in trusted)
        parts = urlsplit(base_url)
        # As browsers write it: a name of other letters goes over the wire in ASCII.
        self._base_origin = _origin(parts.scheme, parts.netloc.encode("idna").decode()) if base_url else ""

    def address(self, request: web.BaseRequest) -> str:
        """The client's address: going back from our peer, the first hop that is not a trusted proxy."""
        address = request.remote or ""
        hops = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
        while hops and self.is_trusted(address):
            before = _parse(hops.pop())
            if before is None:
                break
            address = str(before)
        return address

    def origin(self, request: web.BaseRequest) -> str:
        """Our own origin as this client sees it, as in ``https://chat.example.org``."""
        if self._base_origin:
            return self._base_origin
        scheme, host = request.scheme, request.host
        if self.is_trusted(request.remote or ""):
            scheme = _last(request, "X-Forwarded-Proto") or scheme
            host = _last(request, "X-Forwarded-Host") or host
        return _origin(scheme, host)

    def is_trusted(self, address: str) -> bool:
        # Asked of every request, and by default nobody is.
        parsed = _parse(address) if self._trusted else None
        return parsed is not None and any(parsed in network for network in self._trusted)


def _parse(text: str) -> Address | None:
    """An address with or without a port, as proxies write it."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _last(request: web.BaseRequest, name: str) -> str:
    return ",".join(request.headers.getall(name, [])).rpartition(",")[2].strip()


def _origin(scheme: str, host: str) -> str:
    scheme, host = scheme.lower(), host.lower()
    return f"{scheme}://{host.removesuffix(DEFAULT_PORTS.get(scheme, ' '))}"


PROXIES: Final = web.AppKey("proxies", Proxies)
