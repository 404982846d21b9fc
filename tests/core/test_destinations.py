"""However an address is spelled, nobody sends this server to its own networks."""

from __future__ import annotations

import pytest

from chatapp.core.destinations import is_number, is_public, is_within, networks

PRIVATE = [
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),  # noqa: S104
    *("169.254.169.254", "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
    *("192.88.99.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::1", "::", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1", "fec0::1", "2001:db8::1", "3fff::1", "100::1"),
    # IPv4 in other spellings: mapped, compatible, SIIT, NAT64 of either kind, 6to4, Teredo, ISATAP.
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::169.254.169.254", "::ffff:0:169.254.169.254"),
    *("64:ff9b::169.254.169.254", "64:ff9b::7f00:1", "64:ff9b:1::169.254.169.254", "2002:a9fe:a9fe::1"),
    *("2002:7f00:1::", "2001:0:a9fe:a9fe::1", "2001::1", "fe80::5efe:169.254.169.254", "::ffff:0.0.0.0"),
    *("localhost", "example.org", "", "2130706433", "0x7f.1", "127.1", "1.1.1.1 ", "fe80::1%eth0"),
]
PUBLIC = [
    *("1.1.1.1", "142.250.1.1", "2606:4700::1111", "2a00:1450:4001::1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"),
    "2001:4860:4860::8888",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_the_internet_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_the_internet_is(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host", ["::1", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0x", "1.2.3.4..", "a.1."]
)
def test_an_address_is_one_in_any_spelling(host: str) -> None:
    assert is_number(host)


@pytest.mark.parametrize("host", ["localhost", "push.example.org", "1.example", "0xz", "x1", "cafe", ""])
def test_a_name_is_none(host: str) -> None:
    assert not is_number(host)


def test_only_what_is_named_is_within() -> None:
    named = networks(["127.0.0.0/8", "fd00::/8"])
    assert is_within("127.0.0.1", named)
    assert is_within("fd00::1", named)
    assert not any(is_within(each, named) for each in ("10.0.0.1", "::ffff:10.0.0.1", "::1", "localhost"))
