"""Administrators look after accounts on pages without scripts and over REST, while people are connected."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any, Final

import pytest
from aiohttp import WSServerHandshakeError
from aiohttp.test_utils import TestClient

from chatapp.core.audit_log import Wanted
from chatapp.core.errors import NotFound
from chatapp.domain.chat import Chat
from chatapp.domain.endings import MOST_SESSIONS
from chatapp.settings import Settings
from tests.support.cast import PASSWORD, Actor, Given
from tests.support.house import HERE, until
from tests.support.time import SettableClock
from tests.web.browser import Browser
from tests.web.script import MESSAGES, Script

GRACE: Final = "/admin/users/grace"
FORMS: Final = ("disable", "enable", "promote", "demote")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, limits=False)


async def row(browser: Browser, name: str) -> str:
    """What the table of users says of somebody."""
    text = (await browser.opens(f"/admin/users?q={name}")).text
    return text.partition("<tbody>")[2].partition("</tbody>")[0]


async def entries(chat: Chat, *actions: str) -> list[tuple[str, str, str, str]]:
    found = [(await chat.audit_log.latest(Wanted(action=action), 9))[0] for action in actions]
    return [(entry.actor, entry.action, entry.target, entry.address) for entry in found]


# On pages


async def test_an_administrator_shuts_somebody_out_who_is_connected(
    adas: Browser, graces: Browser, grace: Actor, chat: Chat
) -> None:
    ear = await grace.listens_to()
    async with asyncio.timeout(30):
        while ">now" not in "".join((await row(adas, "grace")).split()):  # noqa: ASYNC110 - nor is there one here
            await asyncio.sleep(0.05)
    page = await adas.submits(f"{GRACE}/disable", on=GRACE, sure="1")
    assert (page.status, page.location) == (303, GRACE)
    assert await ear.close_code() == 4401
    assert "disabled" in await row(adas, "grace")
    assert (await graces.opens("/rooms")).location.startswith("/login")
    with pytest.raises(WSServerHandshakeError):
        await grace.connects()
    assert await entries(chat, "account.disabled") == [("ada", "account.disabled", "grace", "127.0.0.1")]
    await until(lambda: not len(chat.hub))


async def test_somebody_let_in_again_logs_in_and_nothing_of_before_opens(
    adas: Browser, graces: Browser, grace: Actor, chat: Chat
) -> None:
    cookie = graces.cookie()
    await adas.submits(f"{GRACE}/disable", on=GRACE, sure="1")
    await adas.submits(f"{GRACE}/enable", on=GRACE)
    assert "active" in await row(adas, "grace")
    graces.plant(cookie)
    assert (await graces.opens("/rooms")).location.startswith("/login")
    with pytest.raises(WSServerHandshakeError):
        await grace.connects()
    assert (await graces.signs_in("grace")).status == 303
    assert (await graces.opens("/rooms")).status == 200
    assert await entries(chat, "account.enabled") == [("ada", "account.enabled", "grace", "127.0.0.1")]


async def test_nobody_is_shut_out_before_the_box_is_ticked(adas: Browser, grace: Actor) -> None:
    for fields in ({}, {"sure": ""}, {"sure": "0"}):
        page = await adas.submits(f"{GRACE}/disable", on=GRACE, **fields)
        assert page.status == 422
        assert 'aria-describedby="f-sure-error' in page.text
    assert "active" in await row(adas, "grace")


async def test_an_administrator_is_made_and_unmade(adas: Browser, graces: Browser, chat: Chat) -> None:
    await adas.submits(f"{GRACE}/promote", on=GRACE)
    assert "Administrator" in await row(adas, "grace")
    assert (await graces.opens("/admin/users")).status == 200
    await adas.submits(f"{GRACE}/demote", on=GRACE)
    assert "Administrator" not in await row(adas, "grace")
    assert (await graces.opens("/admin/users")).status == 404
    assert [each[:3] for each in await entries(chat, "admin.granted", "admin.withdrawn")] == [
        ("ada", "admin.granted", "grace"),
        ("ada", "admin.withdrawn", "grace"),
    ]


async def test_the_last_administrator_is_told_so_and_one_of_two_may_go(adas: Browser, graces: Browser) -> None:
    mine = "/admin/users/ada"
    page = await adas.submits(f"{mine}/demote", on=mine)
    assert (page.status, "the only administrator" in page.text) == (409, True)
    assert (await adas.submits(f"{mine}/disable", on=mine, sure="1")).status == 403
    assert f'action="{mine}/disable"' not in (await adas.opens(mine)).text
    await adas.submits(f"{GRACE}/promote", on=GRACE)
    assert (await adas.submits(f"{mine}/demote", on=mine)).location == "/rooms"
    assert (await adas.opens("/rooms")).status == 200
    assert (await adas.opens(mine)).status == 404


@pytest.mark.parametrize(("theirs", "own"), [("disable", False), ("demote", False), ("demote", True)], ids=str)
async def test_of_two_administrators_who_shut_out_each_other_or_go_at_once_one_stays(
    adas: Browser, graces: Browser, ada: Actor, chat: Chat, theirs: str, own: bool
) -> None:
    await chat.accounts.set_admin(ada.person, "grace", True)
    tokens = [(await browser.opens(GRACE)).csrf() for browser in (adas, graces)]
    hers, other = ("/admin/users/ada", GRACE) if own else (GRACE, "/admin/users/ada")
    answers = await asyncio.gather(
        adas.posts(f"{hers}/{theirs}", {"csrf": tokens[0], "sure": "1"}),
        graces.posts(f"{other}/{theirs}", {"csrf": tokens[1], "sure": "1"}),
    )
    assert sum(answer.status == 303 and not answer.location.startswith("/login") for answer in answers) == 1
    able = [person.username for person in await chat.accounts.everyone() if person.is_admin and not person.is_disabled]
    assert len(able) == 1


async def test_for_others_the_pages_are_as_if_they_were_not_there(graces: Browser, stranger: Browser) -> None:
    nothing = (await graces.opens("/admin/nothing-here")).status
    for path in ("/admin/users", "/admin/users/ada", "/admin/users/nobody", GRACE):
        assert (await graces.opens(path)).status == nothing == 404
        assert (await stranger.opens(path)).location.startswith("/login")
    assert "/admin/users" not in (await graces.opens("/rooms")).text
    for name in FORMS:
        for whom in ("ada", "grace", "nobody"):
            page = await graces.submits(f"/admin/users/{whom}/{name}", on="/rooms/new", sure="1")
            assert page.status == 404


async def test_pages_lead_through_many_and_keep_what_is_sought(adas: Browser, given: Given) -> None:
    for number in range(51):
        await given.person(f"user{number:03}")
    first = await adas.opens("/admin/users?q=user")
    assert first.text.count('<th scope="row">') == 50
    assert 'href="/admin/users?q=user&amp;after=user049"' in first.text
    second = await adas.opens("/admin/users?q=user&after=user049")
    assert second.text.count('<th scope="row">') == 1
    assert 'href="/admin/users?q=user"' in second.text
    assert "after=" not in second.text


@pytest.mark.parametrize("query", ["q=nobody-here", "q=%00", "q=%ED%A0%80", "after=%C3%A9", "q=" + "x" * 5000])
async def test_a_search_that_finds_nobody_says_so(adas: Browser, query: str) -> None:
    page = await adas.opens(f"/admin/users?{query}")
    assert (page.status, "Nobody is called that." in page.text) == (200, True)


@pytest.mark.parametrize("query", ["q=a&q=b", "after=a&after=b"])
async def test_a_search_that_is_none_is_refused(adas: Browser, query: str) -> None:
    assert (await adas.opens(f"/admin/users?{query}")).status == 400


async def test_a_name_is_text_on_the_page(adas: Browser, chat: Chat) -> None:
    await chat.accounts.add(
        username="mallory", email="m@example.org", password=PASSWORD, display_name="<img src=x onerror=alert(1)>"
    )
    for path in ("/admin/users", "/admin/users/mallory", "/admin/users?q=%3Cimg"):
        text = (await adas.opens(path)).text
        assert "&lt;img src=x" in text
        assert "<img" not in text


# Over REST


async def asked(script: Script, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    page = await script.calls(method, f"/api/v1{path}", body)
    return page.status, json.loads(page.text)


async def test_scripts_find_shut_out_and_let_in(ada_script: Script, grace: Actor) -> None:
    page = await ada_script.calls("GET", "/api/v1/users?limit=1")
    assert [user["username"] for user in json.loads(page.text)["users"]] == ["ada"]
    assert page.headers["Link"] == '</api/v1/users?limit=1&after=ada>; rel="next"'
    found = (await ada_script.gets("/api/v1/users?q=GRA"))["users"]
    assert [(user["username"], user["state"], user["is_admin"]) for user in found] == [("grace", "active", False)]
    assert found[0].keys() == {"username", "display_name", "is_admin", "state", "created_at", "seen_at"}
    ear = await grace.listens_to()
    done = await asked(ada_script, "PATCH", "/users/grace", {"is_disabled": True})
    assert (done[0], done[1]["state"]) == (200, "disabled")
    assert await ear.close_code() == 4401
    assert await asked(ada_script, "GET", "/users/grace") == await asked(ada_script, "GET", "/users/Grace") == done
    assert (await asked(ada_script, "PATCH", "/users/grace", {"is_admin": True}))[0] == 409
    _, both = await asked(ada_script, "PATCH", "/users/grace", {"is_disabled": False, "is_admin": True})
    assert (both["state"], both["is_admin"]) == ("active", True)
    assert (await asked(ada_script, "PATCH", "/users/ada", {"is_admin": False}))[1]["is_admin"] is False
    assert (await asked(ada_script, "GET", "/users"))[0] == 404


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/users/grace", {"is_disabled": "yes"}, 400),
        ("/users/grace", {"is_admin": 1}, 400),
        ("/users/grace", {}, 200),
        ("/users/grace", {"is_disabled": None}, 200),
        ("/users/nobody", {"is_disabled": True}, 404),
        ("/users/%C3%A9", {"is_disabled": True}, 404),
        ("/users/ada", {"is_disabled": True}, 403),
        ("/users/ada", {"is_admin": False}, 409),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(
    ada_script: Script, grace: Actor, chat: Chat, path: str, body: dict[str, Any], status: int
) -> None:
    before = await chat.accounts.everyone()
    assert (await asked(ada_script, "PATCH", path, body))[0] == status
    assert await chat.accounts.everyone() == before


async def test_for_other_scripts_nobody_is_there(grace_script: Script) -> None:
    for method, body in (("GET", None), ("PATCH", {"is_admin": False})):
        answers = [await asked(grace_script, method, f"/users/{name}", body) for name in ("ada", "grace", "nobody")]
        assert {(status, told["code"], told["detail"]) for status, told in answers} == {
            (404, "not_found", NotFound.sentence)
        }
    assert (await asked(grace_script, "GET", "/users"))[0] == 404


# While they are busy


async def test_who_is_shut_out_amid_posting_has_said_only_what_was_answered(
    client: TestClient[Any, Any], ada: Actor, grace: Actor, chat: Chat
) -> None:
    said: list[str] = []

    async def posts() -> int:
        while True:
            async with client.post(MESSAGES, json={"content": "x"}, headers=grace.bearer) as answer:
                if answer.status != 201:
                    return answer.status
                said.append(await answer.text())

    posting = [asyncio.create_task(posts()) for _ in range(3)]
    await until(lambda: len(said) > 9)
    await chat.accounts.set_disabled(ada.person, "grace", True)
    # 401 from the door, 404 where the room was looked up before.
    assert set(await asyncio.gather(*posting)) <= {401, 404}
    assert (await chat.messages.recent(ada.person, "general", 0)).index == len(said)


async def test_the_tab_unused_longest_is_logged_out_by_one_login_too_many(
    graces: Browser, grace: Actor, chat: Chat, clock: SettableClock
) -> None:
    ear = await grace.listens_to()
    (first,) = await chat.sign_in.sessions(grace.person)
    clock.passes(seconds=1)
    for _ in range(MOST_SESSIONS):
        await chat.sign_in.start_session(grace.person, remember=True, **HERE)
    assert first.digest not in {session.digest for session in await chat.sign_in.sessions(grace.person)}
    assert (await graces.opens("/rooms")).location.startswith("/login")
    # A token is no session.
    assert (await ear.asks("ping"))["ok"]
