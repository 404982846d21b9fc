"""Pages in the language of their reader: the one chosen, that of the browser's cookie, what the browser asks for."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pytest
from aiohttp.test_utils import TestClient

from chatapp.core import language
from chatapp.domain.chat import Chat
from chatapp.web.moments import Moments
from tests.support.cast import Actor
from tests.web.browser import Browser, Page, browser
from tests.web.test_moments import NOW, ms

CHINESE: Final = {"Accept-Language": "zh-CN,zh;q=0.9"}
API: Final = {"Accept": "application/json"}


def tag(page: Page) -> str:
    found = re.search(r'<html lang="([^"]+)" dir="(ltr|rtl)"', page.text)
    assert found, page.text
    assert page.headers["Content-Language"] == found[1]
    return found[1]


@pytest.mark.parametrize("asked", ["zh-CN", "zh", "zh-Hans-CN", "de,zh-SG;q=0.1"])
async def test_a_browser_gets_what_it_asks_for(stranger: Browser, ada: Actor, asked: str) -> None:
    page = await stranger.opens("/login", **{"Accept-Language": asked})
    assert tag(page) == "zh-Hans"
    assert "<h1>登录</h1>" in page.text
    assert "Accept-Language" in ",".join(page.headers.getall("Vary"))


@pytest.mark.parametrize("asked", ["", "en", "zh-TW,zh;q=0.9,en;q=0.8", "x" * 4000, "\xe4,;q=,"])
async def test_else_it_gets_english(stranger: Browser, ada: Actor, asked: str) -> None:
    page = await stranger.opens("/login", **{"Accept-Language": asked})
    assert tag(page) == "en"
    assert "<h1>Log in</h1>" in page.text


async def test_a_choice_on_the_login_page_stays_in_this_browser(stranger: Browser, ada: Actor) -> None:
    chosen = await stranger.submits("/language", on="/login", language="zh-Hans", next="/forgot?x=1")
    assert chosen.location == "/forgot?x=1"
    cookie = chosen.cookies["language"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert tag(await stranger.opens("/login", **{"Accept-Language": "en"})) == "zh-Hans"
    page = await stranger.opens("/login")
    assert '<button name="language" value="zh-Hans" lang="zh-Hans" aria-current="true">简体中文</button>' in page.text


async def test_a_person_has_the_language_they_chose_in_every_browser(
    client: TestClient[Any, Any], adas: Browser, ada: Actor
) -> None:
    saved = await adas.submits("/language", on="/settings/profile", language="zh-Hans", next="/settings/profile")
    assert saved.location == "/settings/profile"
    page = await adas.opens("/settings/profile")
    assert "已保存。" in page.text
    assert '<option value="zh-Hans" selected>' in page.text
    assert "Vary" not in page.headers or "Accept-Language" not in ",".join(page.headers.getall("Vary"))
    async with browser(client) as other:
        await other.signs_in("ada")
        assert tag(await other.opens("/rooms", **{"Accept-Language": "en"})) == "zh-Hans"
        await other.submits("/logout", on="/rooms")
        assert tag(await other.opens("/login")) == "en"


async def test_the_choice_of_the_person_wins_over_the_cookie(adas: Browser, chat: Chat, ada: Actor) -> None:
    adas.plant("zh-Hans", "language")
    assert tag(await adas.opens("/rooms")) == "zh-Hans"
    await chat.accounts.set_language(ada.person, "en")
    assert tag(await adas.opens("/rooms", **CHINESE)) == "en"


async def test_the_choice_can_be_taken_back(adas: Browser, ada: Actor) -> None:
    await adas.submits("/language", on="/settings/profile", language="zh-Hans", next="/settings/profile")
    await adas.submits("/language", on="/settings/profile", language="", next="/settings/profile")
    assert adas.cookie("language") == ""
    page = await adas.opens("/settings/profile")
    assert tag(page) == "en"
    assert tag(await adas.opens("/rooms", **CHINESE)) == "zh-Hans"


@pytest.mark.parametrize("chosen", ["tlh", "zh_Hans", "../../etc/passwd", "EN", " en", "zh-Hans\n"])
async def test_what_is_no_language_of_ours_is_refused(adas: Browser, ada: Actor, chosen: str) -> None:
    page = await adas.submits("/language", on="/settings/profile", language=chosen)
    assert page.status == 422
    assert tag(page) == "en"
    assert "language" not in page.cookies


@pytest.mark.parametrize("planted", ["tlh", "../zh_Hans", "x" * 4000, "%00"])
async def test_garbage_in_the_cookie_is_no_choice(stranger: Browser, ada: Actor, planted: str) -> None:
    stranger.plant(planted, "language")
    assert tag(await stranger.opens("/login", **CHINESE)) == "zh-Hans"


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:1"])
async def test_choosing_leads_nowhere_else(stranger: Browser, ada: Actor, target: str) -> None:
    assert (await stranger.submits("/language", on="/login", language="en", next=target)).location == "/"


async def test_choosing_needs_a_form_of_ours(stranger: Browser, ada: Actor) -> None:
    assert (await stranger.posts("/language", {"language": "zh-Hans"})).status == 403
    away = await stranger.submits("/language", on="/login", origin="https://evil.example", language="zh-Hans")
    assert away.status == 403


async def test_refusals_are_said_in_the_language(adas: Browser, ada: Actor) -> None:
    missing = await adas.opens("/rooms/nothing-here", **CHINESE)
    assert (missing.status, tag(missing)) == (404, "zh-Hans")
    assert "这里没有内容，或者你无权查看。" in missing.text
    page = await adas.opens("/rooms/new", **CHINESE)
    fields = {"csrf": page.csrf(), "name": "x", "slug": "general"}
    taken = await adas.posts("/rooms", fields, **CHINESE)
    assert "已有房间使用地址 general。" in taken.text
    empty = await adas.posts("/rooms", {"csrf": page.csrf()}, **CHINESE)
    assert "请填写此项。" in empty.text


async def test_a_problem_has_its_detail_in_the_language_and_its_title_in_english(stranger: Browser, ada: Actor) -> None:
    answer = await stranger.sends("GET", "/api/v1/rooms/x", headers={**API, **CHINESE})
    problem = json.loads(answer.text)
    assert (problem["code"], problem["title"], problem["detail"]) == ("unauthenticated", "Unauthorized", "请登录。")
    assert answer.headers["Content-Language"] == "zh-Hans"
    plain = json.loads((await stranger.sends("GET", "/api/v1/rooms/x", headers=API)).text)
    assert plain["detail"] == "Please log in."


async def test_the_scripts_get_their_words_from_the_page(adas: Browser, ada: Actor) -> None:
    page = await adas.opens("/rooms/general", **CHINESE)
    found = re.search(r'<script type="application/json" id="page">(.*?)</script>', page.text)
    assert found
    assert json.loads(found[1])["strings"]["today"] == "今天"


async def test_a_socket_refuses_in_the_language_of_its_page(client: TestClient[Any, Any], ada: Actor) -> None:
    headers = {"Authorization": f"Bearer {ada.token}", **CHINESE}
    async with client.ws_connect("/ws", headers=headers) as ws:
        await ws.receive_json(timeout=20)
        await ws.send_json({"action": "sendMessage", "ref": 1, "room": "general", "content": " ", "client_id": "a"})
        answer = await ws.receive_json(timeout=20)
        while answer.get("ref") != 1:
            answer = await ws.receive_json(timeout=20)
        assert answer["error"]["message"] == "消息不能为空。"
        await ws.send_json({"action": "editMessage", "ref": 2, "room": "general", "index": 999, "content": "x"})
        while answer.get("ref") != 2:
            answer = await ws.receive_json(timeout=20)
        assert answer["error"]["message"] == "这里没有内容，或者你无权查看。"


def test_moments_are_drawn_as_the_language_does() -> None:
    with language.speaking("zh-Hans"):
        moments = Moments("Asia/Shanghai", lambda: NOW)
        assert moments.long_time(ms("2026-11-03T09:05:00")) == "2026年11月3日 17:05 GMT+8"
        assert moments.day(ms("2026-11-03T09:00:00")) == "2026年11月3日星期二"
        assert moments.day(NOW) == "今天"
        assert moments.ago(NOW - 3 * 60_000) == "3 分钟前"
        assert moments.wait(1) == "请在 1 秒后重试。"
