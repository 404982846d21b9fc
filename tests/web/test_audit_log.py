"""Administrators read the audit log on a page, filter it, and take it along as a table without formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from chatapp.app import create_app
from chatapp.core.audit_log import ACTIONS, Entry, Wanted
from chatapp.domain.audit_log import PAGE
from chatapp.domain.chat import Chat
from chatapp.keys import CHAT
from chatapp.settings import Settings
from chatapp.web.audit_log import action_names, as_csv
from tests.support.cast import Actor
from tests.support.time import SettableClock
from tests.web.browser import Browser


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, limits=False)


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


async def exported(browser: Browser, query: str = "") -> list[list[str]]:
    page = await browser.submits(f"/admin/audit/export{query}", on="/admin/audit")
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert page.headers["Content-Disposition"] == 'attachment; filename="audit-log.csv"'
    return rows(page.text)


def test_every_action_has_a_name() -> None:
    assert action_names().keys() == set(ACTIONS)


async def test_an_act_is_on_the_page_with_its_address(adas: Browser, ada: Actor, grace: Actor) -> None:
    await adas.submits("/rooms", on="/rooms/new", name="Ops")
    page = await adas.opens("/admin/audit?action=room.made")
    assert "<bdi>ada</bdi>" in page.text
    assert "Room made" in page.text
    assert "<bdi>ops</bdi>" in page.text
    assert "127.0.0.1" in page.text
    assert 'href="/admin/users"' in (await adas.opens("/rooms/general")).text
    assert 'href="/admin/audit"' in (await adas.opens("/admin/users")).text


async def test_what_is_said_on_a_socket_is_logged_with_its_address(ada: Actor, grace: Actor, chat: Chat) -> None:
    ear = await ada.listens_to()
    await grace.says("rude")
    assert (await ear.asks("deleteMessage", room="general", index=1))["ok"]
    (entry,) = await chat.audit_log.latest(Wanted(action="message.deleted"), 9)
    assert (entry.actor, entry.target, entry.address) == ("ada", "general/1", "127.0.0.1")
    assert entry.detail == '{"author":"grace"}'


async def test_behind_a_proxy_the_address_is_the_clients(
    settings: Settings, aiohttp_client: Callable[..., Any], clock: SettableClock
) -> None:
    app = create_app(replace(settings, trusted_proxies=("127.0.0.1",)), clock=clock)
    client = await aiohttp_client(app)
    await app[CHAT].accounts.add(username="ada", email="ada@example.org", password="correct horse battery")
    wrong = {"username": "ada", "password": "not it"}
    await client.post("/api/v1/tokens", json=wrong, headers={"X-Forwarded-For": "203.0.113.9"})
    (entry,) = await app[CHAT].audit_log.latest(Wanted(action="login.failed"), 9)
    assert (entry.target, entry.address) == ("ada", "203.0.113.9")


async def test_for_others_there_is_no_such_page(graces: Browser) -> None:
    missing, nothing = await graces.opens("/admin/audit"), await graces.opens("/admin/nothing")
    assert missing.status == nothing.status == 404
    exports = await graces.submits("/admin/audit/export", on="/rooms/new")
    assert exports.status == 404
    assert "/admin/audit" not in (await graces.opens("/rooms/general")).text


async def test_filters_go_together_and_are_kept_on_the_page(
    adas: Browser, ada: Actor, grace: Actor, chat: Chat
) -> None:
    await chat.rooms.create(grace.person, name="Ops")
    await chat.rooms.create(ada.person, name="Design")
    table = await exported(adas, "?who=Grace&action=room.made")
    assert [row[1:4] for row in table[1:]] == [["grace", "room.made", "ops"]]
    page = await adas.opens("/admin/audit?who=grace&action=room.made")
    assert page.value("who") == "grace"
    assert '<option value="room.made" selected>' in page.text
    assert 'action="/admin/audit/export?who=grace&amp;action=room.made"' in page.text


async def test_days_are_those_of_the_reader_and_the_last_one_counts(
    adas: Browser, ada: Actor, chat: Chat, clock: SettableClock
) -> None:
    await chat.accounts.update_profile(ada.person, display_name="Ada Okafor", time_zone="Pacific/Kiritimati")
    # 10:00 in UTC of the 22nd, with which the 23rd begins in that zone.
    clock.now = 1_790_071_200_000
    await chat.rooms.create(ada.person, name="Late")
    second = await exported(adas, "?action=room.made&since=2026-09-23&until=2026-09-23")
    assert [row[3] for row in second[1:]] == ["late"]
    assert len(await exported(adas, "?action=room.made&since=2026-09-22&until=2026-09-22")) == 1


@pytest.mark.parametrize("query", ["since=tomorrow", "until=9999-12-31", "before=x", "who=a&who=b", "since=0001-01-01"])
async def test_a_query_that_is_none_is_refused(adas: Browser, query: str) -> None:
    assert (await adas.opens(f"/admin/audit?{query}")).status == 400


@pytest.mark.parametrize(
    ("query", "name", "sentence"),
    [
        ("since=tomorrow&who=grace", "since", "This must be a day like 2026-12-31."),
        ("until=2026-02-30&who=grace", "until", "This must be a day like 2026-12-31."),
        ("since=2026-03-02&until=2026-03-01&who=grace", "since", "This day is after the last one."),
        ("action=room.eaten&who=grace", "action", "This is not one of the choices."),
    ],
)
async def test_a_wrong_filter_is_told_on_its_field_and_the_rest_is_kept(
    adas: Browser, query: str, name: str, sentence: str
) -> None:
    page = await adas.opens(f"/admin/audit?{query}")
    assert page.status == 400
    assert f'<p class="field-error" id="f-{name}-error">{sentence}</p>' in page.text
    assert page.value("who") == "grace"
    # Neither entries that were not asked for, nor the word that there are none.
    assert '<th scope="row">' not in page.text
    assert "no such entries" not in page.text
    assert (await adas.submits(f"/admin/audit/export?{query}", on="/admin/audit")).status == 400


async def test_a_day_by_itself_is_a_span(adas: Browser) -> None:
    assert (await adas.opens("/admin/audit?since=2026-03-01&until=2026-03-01")).status == 200


async def test_pages_lead_from_the_newest_to_the_oldest(adas: Browser, ada: Actor, chat: Chat) -> None:
    for number in range(PAGE + 3):
        await chat.rooms.update(ada.person, "general", topic=f"{number}")
    newest = await adas.opens("/admin/audit?action=room.changed")
    assert newest.text.count('<th scope="row">') == PAGE
    before = newest.text.partition('href="/admin/audit?action=room.changed&amp;before=')[2].partition('"')[0]
    older = await adas.opens(f"/admin/audit?action=room.changed&before={before}")
    assert older.text.count('<th scope="row">') == 3
    assert 'href="/admin/audit?action=room.changed"' in older.text
    assert "before=" not in older.text


async def test_no_cell_of_the_export_is_a_formula(
    adas: Browser, client: TestClient[Any, Any], ada: Actor, chat: Chat
) -> None:
    await chat.accounts.add(username="cmd", email="=cmd@example.org", password="correct horse battery")
    for agent in ("=1+1", "+1", "-1", "@SUM(A1)"):
        wrong = {"username": "=cmd@example.org", "password": "x"}
        await client.post("/api/v1/tokens", json=wrong, headers={"User-Agent": agent})
    table = await exported(adas, "?action=login.failed")
    assert {row[5] for row in table[1:]} == {"'=1+1", "'+1", "'-1", "'@SUM(A1)"}
    assert {row[3] for row in table[1:]} == {"'=cmd@example.org"}
    assert all(cell[:1] not in "=+-@" for row in table for cell in row if cell)


@pytest.mark.parametrize(
    "agent", [" =1+1", "\u3000=1+1", "\uff1d1+1", " \uff20SUM(A1)", "\t=1", "\x00 =1", "\ufeff=1", "\u200b-1"]
)
def test_a_formula_behind_spaces_or_in_wide_signs_is_none(agent: str) -> None:
    entry = Entry(1, 0, None, "", "login.failed", agent, "", "", "{}", "", "")
    (_, row) = csv.reader(io.StringIO(as_csv([entry])))
    assert row[3].startswith("'"), row


async def test_what_is_typed_by_strangers_is_text_on_the_page(adas: Browser, client: TestClient[Any, Any]) -> None:
    wrong = {"username": "<b>@example.org", "password": "x"}
    await client.post("/api/v1/tokens", json=wrong, headers={"User-Agent": "<script>alert(1)</script>"})
    text = (await adas.opens("/admin/audit")).text
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert" not in text
    # What is nobody's name is not kept: it may be a password.
    assert "@example.org" not in text
