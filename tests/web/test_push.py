"""A browser subscribes with its session, sees which ones are, tries it and takes them out; nobody else does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from chatapp.app import create_app
from chatapp.keys import CHAT
from chatapp.settings import Settings
from tests.support.cast import Actor, cast
from tests.support.push_service import SETTINGS, PushService, push_service
from tests.support.time import SettableClock
from tests.web.browser import Browser, Page, browser

PAGE = "/settings/notifications"
ADDRESS = "/api/v1/me/push"


class Home:
    """Ada and Grace with a browser each, and a push service."""

    def __init__(self, app: web.Application, client: TestClient[Any, Any], service: PushService) -> None:
        self.app = app
        self.client = client
        self.service = service
        self.key = app[CHAT].push.key

    async def subscribes(self, visitor: Browser, **other: str) -> Page:
        body = {**self.service.browser().subscription(self.key), **other}
        return await visitor.sends("PUT", ADDRESS, json=body, headers={"Origin": visitor.origin})


@pytest.fixture
async def home(
    settings: Settings, clock: SettableClock, aiohttp_client: Callable[..., Any]
) -> AsyncIterator[tuple[Home, Browser, Browser, Actor]]:
    app = create_app(replace(settings, **SETTINGS), clock=clock)
    async with push_service() as service:
        client = await aiohttp_client(TestServer(app))
        async with cast(app[CHAT], client) as people, browser(client) as adas, browser(client) as graces:
            ada = await people.person("ada", is_admin=True)
            await people.person("grace")
            await adas.signs_in("ada")
            await graces.signs_in("grace")
            yield Home(app, client, service), adas, graces, ada


Given = tuple[Home, Browser, Browser, Actor]


async def test_a_browser_is_told_and_listed_until_it_is_taken_out(home: Given) -> None:
    at, adas, graces, _ = home
    assert (await at.subscribes(adas)).status == 204
    shown = (await adas.opens(PAGE)).text
    assert "this one" in shown
    assert 'data-pushed="1"' in shown
    assert "this one" not in (await graces.opens(PAGE)).text
    told = json.loads((await adas.sends("GET", "/api/v1/me/notifications")).text)
    assert told["push"] == {"key": at.key, "subscribed": True}
    assert (await adas.sends("DELETE", ADDRESS, headers={"Origin": adas.origin})).status == 204
    assert 'data-pushed="1"' not in (await adas.opens(PAGE)).text
    assert (await adas.sends("DELETE", ADDRESS, headers={"Origin": adas.origin})).status == 204


async def test_a_test_reaches_the_browser_that_asks_for_it(home: Given) -> None:
    at, adas, graces, _ = home
    one, other = at.service.browser(), at.service.browser()
    for visitor, its in ((adas, one), (graces, other)):
        await at.subscribes(visitor, **its.subscription(at.key))
    assert (await adas.submits("/settings/push/test", on=PAGE)).location == PAGE
    assert "On its way." in (await adas.opens(PAGE)).text  # nobody knows yet whether it will be taken
    assert (await one.gets(1))[0]["tag"] == "test"
    assert other.notices() == []


async def test_who_is_not_told_cannot_try_it(home: Given) -> None:
    _, adas, _, _ = home
    assert (await adas.submits("/settings/push/test", on=PAGE)).status == 404


async def test_nobody_takes_out_the_browser_of_another(home: Given) -> None:
    at, adas, graces, _ = home
    await at.subscribes(adas)
    sign_in, password = at.app[CHAT].sign_in, "correct horse battery"
    person, _ = await sign_in.check_password("ada", password, address="192.0.2.9")
    (device,) = await at.app[CHAT].push.devices(person)
    assert (await graces.submits("/settings/push/remove", on=PAGE, digest=device.session_digest)).status == 404
    assert (await adas.submits("/settings/push/remove", on=PAGE, digest=device.session_digest)).status == 303
    assert 'data-pushed="1"' not in (await adas.opens(PAGE)).text


async def test_a_browser_that_changes_hands_tells_the_new_person_alone(home: Given) -> None:
    at, adas, graces, _ = home
    its = at.service.browser().subscription(at.key)
    await at.subscribes(adas, **its)
    await at.subscribes(graces, **its)
    assert 'data-pushed="1"' not in (await adas.opens(PAGE)).text
    assert 'data-pushed="1"' in (await graces.opens(PAGE)).text


@pytest.mark.parametrize(
    "wrong",
    [
        *({"endpoint": "ftp://x/"}, {"endpoint": ""}, {"endpoint": "https://a b/"}, {"p256dh": "AAAA"}, {"auth": ""}),
        *({"key": "AAAA"}, {"key": "é"}, {"endpoint": "https://x/\\0"}),
        *(
            {"endpoint": "https://10.0.0.1/"},
            {"endpoint": "https://0xa000001/"},
            {"endpoint": "https://[::ffff:a00:1]/"},
        ),
    ],
)
async def test_what_is_no_subscription_is_refused_and_not_kept(home: Given, wrong: dict[str, str]) -> None:
    at, adas, _, _ = home
    answer = await at.subscribes(adas, **wrong)
    assert answer.status == 422
    assert next(iter(wrong)) in answer.text
    assert 'data-pushed="1"' not in (await adas.opens(PAGE)).text


async def test_a_program_with_a_token_is_no_browser(home: Given) -> None:
    at, adas, _, ada = home
    body = at.service.browser().subscription(at.key)
    async with at.client.put(ADDRESS, json=body, headers=ada.bearer) as answer:
        assert answer.status == 403
    async with at.client.delete(ADDRESS, headers=ada.bearer) as answer:
        assert answer.status == 403
    assert (await adas.sends("PUT", ADDRESS, json=body, headers={"Origin": "https://evil.example"})).status == 403


async def test_where_it_is_off_it_is_said_and_nothing_is_taken(adas: Browser, graces: Browser) -> None:
    assert "CHATAPP_PUSH_CONTACT" in (await adas.opens(PAGE)).text
    shown = (await graces.opens(PAGE)).text
    assert "CHATAPP_PUSH_CONTACT" not in shown
    assert "has not set that up" in shown
    body = {"endpoint": "https://push.example.net/", "p256dh": "", "auth": "", "key": ""}
    assert (await adas.sends("PUT", ADDRESS, json=body, headers={"Origin": adas.origin})).status == 503
    assert json.loads((await adas.sends("GET", "/api/v1/me/notifications")).text)["push"] is None


async def test_the_worker_and_the_manifest_are_everybodys(
    stranger: Browser, client: TestClient[Any, Any], settings: Settings
) -> None:
    worker = await stranger.opens("/service-worker.js")
    assert (worker.status, worker.headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert "notificationclick" in worker.text
    manifest = json.loads((await stranger.opens("/manifest.webmanifest")).text)
    assert (manifest["name"], manifest["id"], manifest["display"]) == (settings.name, "/", "standalone")
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}
    for icon in manifest["icons"]:
        async with client.get(icon["src"]) as answer:
            assert (answer.status, answer.content_type) == (200, "image/png")
