"""Headers, paths and targets of any kind: an answer, never an error, and never the way to somewhere else."""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import quote, unquote, urljoin, urlsplit

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import example, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from chatapp.web.paths import SECRET_PREFIXES, for_log, is_readable, own_path
from chatapp.web.proxies import Proxies
from tests.support.rounds import rounds

pytestmark = pytest.mark.timeout(rounds(180, 1800))
EXAMPLES: Final = rounds(300, 50_000)
HOME: Final = "https://chat.example"
header = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), max_size=60)
hop = st.one_of(
    header,
    st.ip_addresses().map(str),
    st.sampled_from(
        ["10.0.0.9", "unknown", "_hidden", "", "[::1]:80", "::ffff:10.0.0.1", "1.2.3.4:5", "[", "%", "fe80::1%eth0"]
    ),
)
hops = st.lists(hop, max_size=6).map(", ".join)
pieces = st.sampled_from(
    ["/", "\\", "//", "..", ".", "%2f", "%5c", "%2e", "%25", "%09", "\t", "\n", "\r", "\0", "@", ":", "?", "#", "&",
     "javascript:", "https:", "evil.example", "rooms", "general", "login", "\u2028", "\u3002", "／", "\ud800", " "]
)  # fmt: skip
targets = st.lists(pieces, max_size=8).map("".join) | st.text(max_size=40)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    peer=st.sampled_from(["10.0.0.1", "192.0.2.1", ""]), forwarded=st.lists(hops, max_size=3), proto=header, host=header
)
def test_an_address_is_the_peers_or_one_that_a_trusted_proxy_names(
    peer: str, forwarded: list[str], proto: str, host: str
) -> None:
    headers = CIMultiDict([("Host", "chat.example"), ("X-Forwarded-Proto", proto), ("X-Forwarded-Host", host)])
    headers.extend([("X-Forwarded-For", value) for value in forwarded])
    request = make_mocked_request("GET", "/", headers=headers).clone(remote=peer)
    proxies = Proxies(("10.0.0.0/8",))
    address = proxies.address(request)
    assert isinstance(proxies.origin(request), str)
    if peer != "10.0.0.1":
        assert address == peer
        assert proxies.origin(request) == "http://chat.example"
    else:
        ipaddress.ip_address(address)
    assert Proxies(()).address(request) == peer
    assert Proxies(("10.0.0.0/8",), HOME).origin(request) == HOME


def as_browsers_read(target: str) -> str:
    """WHATWG URL: tabs and line breaks are dropped, spaces and controls around it too, a backslash is a slash."""
    for character in "\t\n\r":
        target = target.replace(character, "")
    return target.strip("".join(map(chr, range(33)))).replace("\\", "/")


@settings(max_examples=EXAMPLES, deadline=None)
@given(target=targets)
@example(target="/%2f/evil.example")
@example(target="/.//evil.example")
def test_who_signed_in_stays_here(target: str) -> None:
    found = own_path(target)
    assert found in ("/", target)
    decoded = found
    for _ in range(4):
        for reading in (decoded, as_browsers_read(decoded)):
            assert reading.startswith("/")
            assert not reading.startswith("//")
            parts = urlsplit(urljoin(HOME, reading))
            assert (parts.scheme, parts.netloc) == ("https", "chat.example")
        decoded = unquote(decoded)
    assert not any(character in found for character in "\r\n\t\0")


@settings(max_examples=EXAMPLES, deadline=None)
@given(prefix=st.sampled_from(SECRET_PREFIXES), secret=st.text(min_size=1, max_size=40), more=st.text(max_size=10))
def test_the_secret_of_a_link_is_not_in_the_log(prefix: str, secret: str, more: str) -> None:
    assert for_log(prefix + secret + more) == for_log(prefix + "x")


@settings(max_examples=EXAMPLES, deadline=None)
@given(path=st.text(st.characters(exclude_categories=()), max_size=40) | targets)
@example(path="/\udcff")
def test_any_path_can_be_asked_about(path: str) -> None:
    is_text = is_readable(path)
    assert for_log(path) or not path
    if is_text and "?" not in path:
        unquote(path, errors="strict").encode()
    try:
        quoted = quote(path)
    except UnicodeEncodeError:
        assert not is_text or "?" in path
    else:
        assert is_readable("/" + quoted) == ("\0" not in path)
