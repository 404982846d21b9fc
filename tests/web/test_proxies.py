"""What proxies say is believed only of those that are trusted."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from chatapp.web.proxies import Proxies


def ask(peer: str = "10.0.0.1", **headers: str) -> web.Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = make_mocked_request("GET", "/", headers={"Host": "chat.example", **named})
    return request.clone(remote=peer)


def test_nobody_is_trusted_by_default() -> None:
    request = ask(X_Forwarded_For="1.2.3.4", X_Forwarded_Proto="https", X_Forwarded_Host="evil.example")
    assert Proxies(()).address(request) == "10.0.0.1"
    assert Proxies(()).origin(request) == "http://chat.example"


@pytest.mark.parametrize(
    ("hops", "address"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("6.6.6.6, 1.2.3.4", "1.2.3.4"),
        ("6.6.6.6, 1.2.3.4, 10.0.0.7", "1.2.3.4"),
        ("1.2.3.4:5678", "1.2.3.4"),
        ("[2001:db8::1]:80", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("10.0.0.9", "10.0.0.9"),
        ("6.6.6.6, unknown", "10.0.0.1"),
        ("6.6.6.6, _hidden", "10.0.0.1"),
        ("6.6.6.6, 1.2.3.4.5", "10.0.0.1"),
        ("6.6.6.6,,", "10.0.0.1"),
        ("[2001:db8::1", "2001:db8::1"),
        ("1.2.3.4, ::ffff:10.0.0.7", "1.2.3.4"),
        (", ".join(["6.6.6.6"] * 500 + ["1.2.3.4"]), "1.2.3.4"),
        ("", "10.0.0.1"),
    ],
)
def test_the_address_is_the_last_hop_that_is_not_ours(hops: str, address: str) -> None:
    assert Proxies(("10.0.0.0/8",)).address(ask(X_Forwarded_For=hops)) == address


def test_an_untrusted_peer_cannot_pose_as_another() -> None:
    proxies = Proxies(("10.0.0.0/8",))
    request = ask("9.9.9.9", X_Forwarded_For="1.2.3.4", X_Forwarded_Proto="https", X_Forwarded_Host="evil.example")
    assert proxies.address(request) == "9.9.9.9"
    assert proxies.origin(request) == "http://chat.example"


def test_the_standard_header_is_believed_of_nobody() -> None:
    # Proxies set one of the two. To believe both would let a client fill in the one that its proxy leaves alone.
    request = ask(Forwarded="for=6.6.6.6;host=evil.example;proto=https")
    assert Proxies(("10.0.0.0/8",)).address(request) == "10.0.0.1"
    assert Proxies(("10.0.0.0/8",)).origin(request) == "http://chat.example"


def test_an_ipv4_proxy_is_known_by_its_mapped_address_too() -> None:
    assert Proxies(("10.0.0.0/8",)).address(ask("::ffff:10.0.0.1", X_Forwarded_For="1.2.3.4")) == "1.2.3.4"
    assert Proxies(("2001:db8::/32",)).address(ask("2001:db8::7", X_Forwarded_For="2001:db9::1")) == "2001:db9::1"


def test_a_trusted_proxy_names_scheme_and_host() -> None:
    request = ask(X_Forwarded_Proto="http, https", X_Forwarded_Host="Chat.Example:443")
    assert Proxies(("10.0.0.1",)).origin(request) == "https://chat.example"


def test_the_configured_address_stands_above_all() -> None:
    request = ask(X_Forwarded_Host="other.example")
    assert Proxies(("10.0.0.1",), "https://chat.example.org:443/").origin(request) == "https://chat.example.org"


def test_the_configured_address_is_compared_as_browsers_write_it() -> None:
    assert Proxies((), "https://Bücher.example:8443").origin(ask()) == "https://xn--bcher-kva.example:8443"


def test_a_network_that_is_none_is_told_at_the_start() -> None:
    with pytest.raises(ValueError, match=r"proxy\.example"):
        Proxies(("proxy.example",))
