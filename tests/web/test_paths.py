"""Where somebody may be sent, and what of an address may be written down."""

from __future__ import annotations

import pytest

from chatapp.web.paths import for_log, is_readable, own_path

FOREIGN = [
    "",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    " /rooms",
    "/%09/evil.example",
    "/%0a/evil.example",
    "/%0d%0aSet-Cookie:a=b",
    "/%2f%2fevil.example",
    "/%2fevil.example",
    "/%5cevil.example",
    "%2f%2fevil.example",
    "/%252fevil.example",
    "/%25252fevil.example",
    "https://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "HTTPS://evil.example",
    "http:\\\\evil.example",
    "ftp://evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,hello",
    "evil.example",
    "@evil.example",
    "rooms/general",
    "?next=/rooms",
    "#top",
    "/./evil",
    "/.//evil.example",
    "/..//evil.example",
    "/rooms/../../evil",
    "/rooms//evil.example",
    "/rooms/%2e%2e//evil.example",
    "/\x00/evil.example",
    "/\x7f/evil.example",
    "/login",
    "/login?next=/rooms",
    "/logout",
    "/" + "a" * 3000,
]


@pytest.mark.parametrize("target", FOREIGN)
def test_a_foreign_target_leads_to_the_front_door(target: str) -> None:
    assert own_path(target) == "/"


@pytest.mark.parametrize("target", ["/", "/rooms/general", "/rooms/general/12", "/rooms/ops?before=20", "/a/b#m12"])
def test_our_own_paths_are_kept(target: str) -> None:
    assert own_path(target) == target


@pytest.mark.parametrize("path", ["/%zz", "/%", "/a%2", "/%ff", "/%c3", "/%00", "/rooms/%ed%a0%80"])
def test_broken_escapes_are_not_readable(path: str) -> None:
    assert not is_readable(path)


@pytest.mark.parametrize("path", ["/", "/rooms/%C3%A9", "/rooms/x?q=%zz"])
def test_whole_escapes_are_readable(path: str) -> None:
    assert is_readable(path)


def test_secrets_in_links_stay_out_of_the_log() -> None:
    assert for_log("/reset/abc123") == "/reset/…"
    assert for_log("/verify/abc123/") == "/verify/…"
    assert for_log("/join/abc123") == "/join/…"
    assert for_log("/rooms/general/12") == "/rooms/general/12"
