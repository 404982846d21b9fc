"""The upgrade is decided while the request is still HTTP; nobody is let in to be sent away."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, Final

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from chatapp.keys import GATEWAY
from chatapp.settings import Settings
from tests.gateway.conftest import Knock, Opens
from tests.support.cast import Actor, Given
from tests.support.time import SettableClock, eventually
from tests.support.wire import Answer, RawSocket, upgrade

PROBLEM = {"type", "title", "status", "detail", "code", "request_id"}


def is_refusal(answer: Answer, status: int, code: str) -> None:
    """Problem details (RFC 9457), said once, on a connection that ends with it."""
    assert (answer.status, answer.problem["status"], answer.problem["code"]) == (status, status, code), answer
    assert answer.problem.keys() - {"retry_after", "errors"} == PROBLEM
    assert answer.problem["request_id"] == answer.headers["x-request-id"]
    assert answer.is_closed
    assert "set-cookie" not in answer.headers
    assert "server" not in answer.headers
    assert b"Traceback" not in answer.body


def bearer(actor: Actor) -> str:
    return f"Authorization: Bearer {actor.token}"


async def test_without_a_credential_it_is_forbidden_whatever_was_asked_for(knock: Knock, ada: Actor) -> None:
    for path in ("/ws", "/rooms/general/ws", "/rooms/nowhere/ws"):
        is_refusal(await knock(path), 403, "forbidden")
        is_refusal(await knock(path, "Accept: text/html"), 403, "forbidden")
        is_refusal(await knock(path, "Accept: text/html", *upgrade()), 403, "forbidden")


# A request that is no handshake


async def test_what_asks_for_no_websocket_is_told_to(knock: Knock, ada: Actor, subtests: pytest.Subtests) -> None:
    cases = {
        "a plain request": [],
        "no Upgrade": upgrade(without=["Upgrade"]),
        "another protocol": upgrade(Upgrade="h2c"),
        "a browser's address bar": ["Accept: text/html"],
    }
    for name, headers in cases.items():
        with subtests.test(name):
            answer = await knock("/ws", bearer(ada), *headers)
            assert answer.status == 426
            assert answer.headers["upgrade"].lower() == "websocket"
            assert answer.problem.keys() >= PROBLEM


MALFORMED: Final = {
    "version 8": upgrade(Sec_WebSocket_Version="8"),
    "version 7": upgrade(Sec_WebSocket_Version="7"),
    "version 14": upgrade(Sec_WebSocket_Version="14"),
    "empty version": upgrade(Sec_WebSocket_Version=""),
    "no version": upgrade(without=["Sec-WebSocket-Version"]),
    "no key": upgrade(without=["Sec-WebSocket-Key"]),
    "empty key": upgrade(Sec_WebSocket_Key=""),
    "short key": upgrade(Sec_WebSocket_Key="c2hvcnQ="),
    "key of 18 bytes": upgrade(Sec_WebSocket_Key="x" * 24),
    "key not in base64": upgrade(Sec_WebSocket_Key="!!!!" * 6),
    "Connection: keep-alive": upgrade(Connection="keep-alive"),
    "no Connection": upgrade(without=["Connection"]),
}


async def test_a_malformed_handshake_is_a_bad_request(knock: Knock, ada: Actor, subtests: pytest.Subtests) -> None:
    for name, headers in MALFORMED.items():
        with subtests.test(name):
            is_refusal(await knock("/ws", bearer(ada), *headers), 400, "bad_request")
    with subtests.test("HTTP/1.0"):
        assert (await knock("/ws", bearer(ada), *upgrade(), line="GET /ws HTTP/1.0")).status == 400


async def test_what_browsers_and_proxies_send_is_fine(knock: Knock, ada: Actor, subtests: pytest.Subtests) -> None:
    cases = {
        "Upgrade in other letters": upgrade(Upgrade="WebSocket"),
        "Connection with more": upgrade(Connection="keep-alive, Upgrade"),
        "Connection in lower case": upgrade(Connection="upgrade"),
        "subprotocols": [*upgrade(), "Sec-WebSocket-Protocol: chat, superchat"],
        "extensions": [*upgrade(), "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"],
    }
    for name, headers in cases.items():
        with subtests.test(name):
            answer = await knock("/ws", bearer(ada), *headers)
            assert answer.status == 101
            # Never compressed: a bomb cannot be sent, and memory per socket stays small.
            assert "sec-websocket-extensions" not in answer.headers
            assert "sec-websocket-protocol" not in answer.headers


async def test_other_methods_are_not_allowed(knock: Knock, ada: Actor, subtests: pytest.Subtests) -> None:
    for method in ("POST", "PUT", "DELETE", "TRACE", "PATCH"):
        with subtests.test(method):
            answer = await knock("/ws", bearer(ada), *upgrade(), line=f"{method} /ws HTTP/1.1")
            assert (answer.status, answer.headers["allow"]) == (405, "GET")


NO_HTTP: Final = {
    "two hosts": [b"GET /ws HTTP/1.1", b"Host: other"],
    "header line of 20 kB": [b"GET /ws HTTP/1.1", b"X: " + b"x" * 20_000],
    "10,000 headers": [b"GET /ws HTTP/1.1", *[b"X: x"] * 10_000],
    "query of 20 kB": [b"GET /ws?" + b"x" * 20_000 + b" HTTP/1.1"],
    "NUL in a header": [b"GET /ws HTTP/1.1", b"X: a\x00b"],
    "space before the colon": [b"GET /ws HTTP/1.1", b"X : a"],
    "folded header": [b"GET /ws HTTP/1.1", b"X: a", b" folded"],
    "signed length": [b"GET /ws HTTP/1.1", b"Content-Length: +5"],
    "two lengths": [b"GET /ws HTTP/1.1", b"Content-Length: 5", b"Transfer-Encoding: chunked"],
    "a method that is no word": [b"FOO\x01 /ws HTTP/1.1"],
    "no version": [b"GET /ws HTTP/9"],
}


async def test_what_is_no_http_is_refused(
    client: TestClient[Any, Any], raws: list[RawSocket], ada: Actor, subtests: pytest.Subtests
) -> None:
    for name, (first, *rest) in NO_HTTP.items():
        with subtests.test(name):
            raws.append(await RawSocket.connects(client))
            answer = await raws[-1].asks(first, *rest, bearer(ada), *upgrade())
            assert answer.status == 400
            async with asyncio.timeout(5):
                assert await raws[-1].reader.read() == b""


# A room that is not there, or not to be seen


HIDDEN: Final = {
    "unknown": "nowhere",
    "closed": "designers",
    "a path": "..%2f..%2fetc",
    "5 kB": "x" * 5000,
    "emoji": "%F0%9F%98%80",
    "right to left": "%D8%B9%D8%B1%D8%A8%D9%8A",
    "upper case": "GENERAL",
    "a number": "1",
}


async def test_what_one_may_not_see_is_like_what_is_not_there(
    knock: Knock, given: Given, ada: Actor, grace: Actor, subtests: pytest.Subtests
) -> None:
    await given.room("Designers", owner=ada)
    details = set()
    for name, room in HIDDEN.items():
        with subtests.test(name):
            answer = await knock(f"/rooms/{room}/ws", bearer(grace), *upgrade())
            is_refusal(answer, 404, "not_found")
            details.add(answer.problem["detail"])
    assert len(details) == 1


async def test_an_address_that_is_not_text_is_a_bad_request(
    knock: Knock, ada: Actor, subtests: pytest.Subtests
) -> None:
    for room in ("%zz", "%00", "%ff", "%ed%a0%80"):
        with subtests.test(room):
            is_refusal(await knock(f"/rooms/{room}/ws", bearer(ada), *upgrade()), 400, "bad_request")


async def test_a_member_comes_into_a_closed_room(knock: Knock, given: Given, ada: Actor, grace: Actor) -> None:
    await given.room("Designers", owner=ada, members=[grace])
    assert (await knock("/rooms/designers/ws", bearer(grace), *upgrade())).status == 101


# Too many, and none any more


class TestLimits:
    """Two sockets per person, five per address."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, sockets_per_person=2, sockets_per_address=5)

    @pytest.mark.parametrize("path", ["/ws", "/rooms/general/ws"])
    async def test_one_socket_too_many_is_told_to_come_back(
        self, knock: Knock, opens: Opens, ada: Actor, grace: Actor, path: str
    ) -> None:
        first = await opens(ada)
        await opens(ada, "/rooms/general/ws")
        answer = await knock(path, bearer(ada), *upgrade())
        is_refusal(answer, 503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert await first.is_alive()
        assert (await knock(path, bearer(grace), *upgrade())).status == 101

    async def test_a_socket_that_went_makes_room(
        self, knock: Knock, opens: Opens, ada: Actor, app: web.Application
    ) -> None:
        first, _ = [await opens(ada) for _ in range(2)]
        first.hangs_up()
        await eventually(lambda: app[GATEWAY]._chat.limits.sockets.here == {ada.person.id: 1})
        assert [(await knock("/ws", bearer(ada), *upgrade())).status for _ in range(2)] == [101, 503]

    @pytest.mark.parametrize("path", ["/ws", "/rooms/general/ws"])
    async def test_many_at_once_do_not_all_find_the_last_place(self, knock: Knock, ada: Actor, path: str) -> None:
        answers = await asyncio.gather(*(knock(path, bearer(ada), *upgrade()) for _ in range(20)))
        assert sorted(answer.status for answer in answers) == [101] * 2 + [503] * 18

    async def test_an_address_has_its_own_limit(self, knock: Knock, given: Given) -> None:
        people = [await given.person(f"person-{number}") for number in range(4)]
        answers = [await knock("/ws", bearer(people[number // 2]), *upgrade()) for number in range(8)]
        assert [answer.status for answer in answers] == [101] * 5 + [503] * 3

    async def test_a_refused_handshake_takes_no_place(self, knock: Knock, ada: Actor) -> None:
        for _ in range(3):
            assert (await knock("/rooms/nowhere/ws", bearer(ada), *upgrade())).status == 404
            assert (await knock("/ws", bearer(ada))).status == 426
        assert [(await knock("/ws", bearer(ada), *upgrade())).status for _ in range(3)] == [101, 101, 503]


class TestPace:
    """Three upgrades a minute per person."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, upgrades_per_minute=3)

    async def test_who_comes_and_goes_too_fast_has_to_wait(
        self, knock: Knock, ada: Actor, grace: Actor, clock: SettableClock
    ) -> None:
        answers = [await knock("/ws", bearer(ada), *upgrade()) for _ in range(4)]
        assert [answer.status for answer in answers] == [101, 101, 101, 503]
        is_refusal(answers[-1], 503, "unavailable")
        assert int(answers[-1].headers["retry-after"]) == 20
        assert (await knock("/ws", bearer(grace), *upgrade())).status == 101
        clock.passes(seconds=20)
        assert (await knock("/ws", bearer(ada), *upgrade())).status == 101


class TestWithoutLimits:
    """For benchmarks."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, sockets_per_person=1, sockets_per_address=1, limits=False)

    async def test_nobody_is_counted(self, knock: Knock, ada: Actor) -> None:
        assert {(await knock("/ws", bearer(ada), *upgrade())).status for _ in range(5)} == {101}


class TestBehindAProxy:
    """Addresses are those of the clients, not that of the proxy."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, sockets_per_address=2, trusted_proxies=("127.0.0.1",))

    async def test_the_limit_is_of_the_address_behind(self, knock: Knock, ada: Actor) -> None:
        async def from_(address: str) -> Answer:
            return await knock("/ws", bearer(ada), *upgrade(), f"X-Forwarded-For: {address}")

        answers = [await from_(address) for address in ("192.0.2.1",) * 3 + ("192.0.2.2",)]
        assert [answer.status for answer in answers] == [101, 101, 503, 101]
        assert int(answers[2].headers["retry-after"]) > 0

    async def test_the_addresses_that_one_customer_has_are_one(self, knock: Knock, ada: Actor) -> None:
        async def from_(address: str) -> int:
            return (await knock("/ws", bearer(ada), *upgrade(), f"X-Forwarded-For: {address}")).status

        answers = [await from_(f"2001:db8:0:{last}") for last in ("1::1", "1::2", "1:f::", "2::1")]
        assert answers == [101, 101, 503, 101]


async def test_a_draining_server_lets_nobody_in(knock: Knock, app: web.Application, ada: Actor) -> None:
    await app[GATEWAY].drain()
    for path in ("/ws", "/rooms/general/ws"):
        answer = await knock(path, bearer(ada), *upgrade())
        is_refusal(answer, 503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
    is_refusal(await knock("/ws"), 403, "forbidden")
