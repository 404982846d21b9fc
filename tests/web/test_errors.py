"""One family of errors in two voices: the same code for scripts, a page for people."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from io import BytesIO
from typing import Any, cast

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from chatapp.app import create_app
from chatapp.core import errors
from chatapp.core.errors import ChatError, FieldError
from chatapp.settings import Settings
from tests.support.cast import Actor
from tests.web.browser import Browser, browser
from tests.web.raw import ask

FAMILY = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ChatError)]
SECRET = "a detail of the inside"


class Failing:
    """An application with one page and one call that go wrong in the way a test says."""

    def __init__(self, app: web.Application) -> None:
        self.app = app
        self.error: Exception = ChatError()

    async def fail(self, _request: web.Request) -> web.Response:
        raise self.error


@pytest.fixture
def failing(settings: Settings) -> Failing:
    app = create_app(settings)
    made = Failing(app)
    app.router.add_get("/fail", made.fail)
    app.router.add_get("/api/v1/fail", made.fail)
    return made


@pytest.fixture
async def visitor(failing: Failing, aiohttp_client: Callable[..., Any]) -> AsyncIterator[Browser]:
    client: TestClient[Any, Any] = await aiohttp_client(TestServer(failing.app))
    async with browser(client) as opened:
        yield opened


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as entries:
        yield cast("list[Any]", entries)


@pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: kind.__name__)
async def test_a_script_gets_a_problem(visitor: Browser, failing: Failing, kind: type[ChatError]) -> None:
    failing.error = kind(errors=(FieldError("name", "Too short."),), retry_after=7)
    for path, accept in (("/api/v1/fail", "text/html"), ("/fail", "*/*"), ("/fail", "application/json")):
        answer = await visitor.opens(path, Accept=accept)
        problem = json.loads(answer.text)
        assert answer.status == problem["status"] == kind.status
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Retry-After"] == "7"
        assert answer.headers["Cache-Control"] == "no-store"
        assert problem["code"] == kind.code
        assert problem["type"] == "about:blank"
        assert problem["title"]
        assert problem["detail"] == kind.sentence
        assert problem["request_id"] == answer.headers["X-Request-Id"]
        assert problem["errors"] == [{"field": "name", "detail": "Too short."}]


@pytest.mark.parametrize("kind", [kind for kind in FAMILY if kind.status != 401], ids=lambda kind: kind.__name__)
async def test_a_person_gets_a_page(visitor: Browser, failing: Failing, kind: type[ChatError]) -> None:
    failing.error = kind(retry_after=7)
    page = await visitor.opens("/fail")
    assert page.status == kind.status
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Retry-After"] == "7"
    assert kind.sentence.replace("'", "&#39;") in page.text
    assert page.headers["X-Request-Id"] in page.text
    assert "7 seconds" in page.text


async def test_the_unexpected_is_logged_once_and_told_nobody(
    visitor: Browser, failing: Failing, logged: list[Any]
) -> None:
    failing.error = RuntimeError(SECRET)
    for path in ("/fail", "/api/v1/fail"):
        logged.clear()
        answer = await visitor.opens(path)
        assert answer.status == 500
        assert SECRET not in answer.text
        assert "Traceback" not in answer.text
        (entry,) = [entry for entry in logged if entry["event"] == "unexpected"]
        assert entry["exc_info"] is failing.error
        assert entry["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/api/v1/nowhere", 404, "not_found"),
        ("GET", "/static/000000000000/js/app.js", 404, "not_found"),
        ("DELETE", "/login", 405, "bad_request"),
        ("POST", "/ws", 405, "bad_request"),
        ("TRACE", "/login", 405, "bad_request"),
        ("GET", "/%ff", 400, "bad_request"),
        ("GET", "/%00", 400, "bad_request"),
        ("GET", "/rooms/%zz", 400, "bad_request"),
    ],
)
async def test_what_the_router_refuses_is_told_the_same_way(
    stranger: Browser, ada: Actor, method: str, path: str, status: int, code: str
) -> None:
    answer = await stranger.sends(method, path, headers={"Accept": "*/*", "Origin": stranger.origin})
    assert (answer.status, json.loads(answer.text)["code"]) == (status, code)
    assert ("Allow" in answer.headers) == (status == 405)
    if not path.startswith(("/api/", "/static/", "/ws")):
        page = await stranger.sends(method, path, headers={"Origin": stranger.origin})
        assert page.status == status
        assert "<h1>" in page.text


async def test_a_script_is_not_sent_to_the_login_page(stranger: Browser, ada: Actor) -> None:
    for path, accept in (("/api/v1/me", "text/html"), ("/rooms", "*/*")):
        answer = await stranger.opens(path, Accept=accept)
        assert (answer.status, json.loads(answer.text)["code"]) == (401, "unauthenticated")


async def test_the_front_door_leads_on_whoever_asks(stranger: Browser, ada: Actor) -> None:
    for accept in ("*/*", "application/json", "text/html"):
        answer = await stranger.opens("/", Accept=accept)
        assert (answer.status, answer.headers["Location"]) == (303, "/login?next=/")


async def test_a_body_over_the_limit_is_refused(adas: Browser) -> None:
    for path, kind in (
        ("/api/v1/rooms/general/messages", "application/json"),
        ("/api/v1/rooms/general/messages", "text/plain"),
        ("/rooms/general/messages", "application/x-www-form-urlencoded"),
    ):
        headers = {"Origin": adas.origin, "Content-Type": kind, "Accept": "*/*"}
        answer = await adas.sends("POST", path, data=BytesIO(b"x" * 2_000_000), headers=headers)
        assert (answer.status, json.loads(answer.text)["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("sent", "is_kept"), [("abc-DEF_1.2", True), ("x" * 65, False), ("short", False), ("a b c d e", False)]
)
async def test_a_sane_request_id_is_kept(stranger: Browser, ada: Actor, sent: str, is_kept: bool) -> None:
    answer = await stranger.opens("/ping", **{"X-Request-Id": sent})
    assert (answer.headers["X-Request-Id"] == sent) == is_kept


async def test_the_log_says_what_happened_and_no_secret(stranger: Browser, ada: Actor, logged: list[Any]) -> None:
    await stranger.opens("/api/v1/me?token=SECRET1", Authorization="Bearer SECRET2", Cookie="session=SECRET3")
    await stranger.opens("/reset/SECRET4")
    await stranger.opens("/ws?token=SECRET5")
    lines = [entry for entry in logged if entry["event"] == "request"]
    assert [(line["method"], line["path"], line["status"]) for line in lines] == [
        ("GET", "/api/v1/me", 401),
        ("GET", "/reset/…", 404),
        ("GET", "/ws", 403),
    ]
    assert "SECRET" not in str(logged)
    assert all(line["request_id"] and line["address"] == "127.0.0.1" for line in lines)


async def test_a_refused_upgrade_is_a_problem_and_the_end_of_the_connection(
    client: TestClient[Any, Any], ada: Actor
) -> None:
    upgrade = [
        b"Connection: Upgrade",
        b"Upgrade: websocket",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ]
    for path, token, status in (
        ("/ws", "", 403),
        ("/ws", "garbage", 403),
        ("/rooms/nowhere/ws", ada.token, 404),
        ("/rooms/general/ws", "", 403),
    ):
        answer = await ask(client, f"GET {path}?token={token} HTTP/1.1".encode(), b"Accept: text/html", *upgrade)
        assert answer.status == status
        assert "application/problem+json" in answer.head
        assert "Connection: close" in answer.head
        assert json.loads(answer.body)["status"] == status


async def test_a_plain_get_is_told_to_upgrade(stranger: Browser, ada: Actor) -> None:
    answer = await stranger.opens("/ws", **ada.bearer)
    assert answer.status == 426
    assert answer.headers["Upgrade"] == "websocket"
    assert json.loads(answer.text)["code"] == "bad_request"
