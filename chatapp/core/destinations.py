"""Where this server may be sent to by somebody else: to the internet, and to nothing behind it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

HTTPS: Final = 443
# Of IPv4 what Python takes for global, or once took, and is not: relays of 6to4, protocol assignments, multicast.
_NOT_GLOBAL_4: Final = tuple(
    ipaddress.IPv4Network(each) for each in ("0.0.0.0/8", "192.0.0.0/24", "192.88.99.0/24", "224.0.0.0/3")
)
# The only addresses of IPv6 that are given out to anybody, and what is not within: Teredo and other assignments,
# documentation, 6to4, which leads to any address of IPv4.
_GLOBAL_6: Final = ipaddress.IPv6Network("2000::/3")
_NOT_GLOBAL_6: Final = tuple(
    ipaddress.IPv6Network(each) for each in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
# An address of IPv4 in another spelling (RFC 4291, 2.5.5.2; RFC 6052): judged as that one.
_MAPPED: Final = (ipaddress.IPv6Network("::ffff:0:0/96"), ipaddress.IPv6Network("64:ff9b::/96"))
_numeric: Final = re.compile("[0-9]+|0x[0-9a-f]*")


def networks(names: Sequence[str]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(name, strict=False) for name in names)


def is_public(text: str) -> bool:
    """Whether it is an address of the internet. False for what is none, a host name too."""
    address = _parsed(text)
    if isinstance(address, ipaddress.IPv6Address) and any(address in network for network in _MAPPED):
        address = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not any(address in network for network in _NOT_GLOBAL_4)
    return address is not None and address in _GLOBAL_6 and not any(address in each for each in _NOT_GLOBAL_6)


def is_within(text: str, allowed: Sequence[Network]) -> bool:
    address = _parsed(text)
    return address is not None and any(address in network for network in allowed)


def may_reach(address: str, port: int, allowed: Sequence[Network]) -> bool:
    """Whether this server goes there: to the port of https on the internet, to any within the operator's networks."""
    return is_within(address, allowed) or (port == HTTPS and is_public(address))


def is_number(host: str) -> bool:
    """Whether it is an address and no name, in any spelling: ::1, 127.1, 2130706433, 0x7f000001 (WHATWG URL, 3.5, the
    "ends in a number" checker). In lower case."""
    return ":" in host or _numeric.fullmatch(host.rstrip(".").rpartition(".")[2]) is not None


def _parsed(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
