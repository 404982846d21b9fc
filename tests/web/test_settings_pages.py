"""One's own settings: name, zone, password, look, sessions, tokens, and invites for administrators."""

from __future__ import annotations

import re
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from chatapp.domain.chat import Chat
from tests.support.cast import PASSWORD, Actor
from tests.web.browser import Browser, browser

NEW_PASSWORD = "another long sentence"
PAGES = ["/settings/profile", "/settings/sessions", "/settings/tokens", "/settings/appearance"]


async def test_settings_begin_with_the_profile(adas: Browser) -> None:
    assert (await adas.opens("/settings")).location == "/settings/profile"
    for path in [*PAGES, "/settings/invites"]:
        assert (await adas.opens(path)).status == 200


async def test_invites_are_among_what_administrators_do(adas: Browser) -> None:
    page = (await adas.opens("/settings/invites")).text
    tabs = re.search(r'<nav class="tabs" aria-label="([^"]+)">(.*?)</nav>', page, re.S)
    assert tabs
    assert (tabs[1], 'href="/admin/users"' in tabs[2]) == ("Administration", True)
    assert re.search(r'href="/settings/invites" aria-current="page"', tabs[2])
    assert (
        "/settings/invites"
        not in (await adas.opens("/settings/profile")).text.partition('class="tabs"')[2].partition("</nav>")[0]
    )


async def test_nobody_sees_them_signed_out(stranger: Browser, ada: Actor) -> None:
    for path in [*PAGES, "/settings/invites", "/settings"]:
        assert (await stranger.opens(path)).location == f"/login?next={path}"


async def test_name_and_zone_can_be_changed(adas: Browser, ada: Actor) -> None:
    page = await adas.submits("/settings/profile", display_name="艾达 <script>", time_zone="Asia/Shanghai")
    assert page.location == "/settings/profile"
    shown = await adas.opens("/settings/profile")
    assert shown.value("time_zone") == "Asia/Shanghai"
    assert "艾达 &lt;script&gt;" in shown.text
    assert "Saved." in shown.text
    assert "Saved." not in (await adas.opens("/settings/profile")).text


@pytest.mark.parametrize(
    "fields", [{"display_name": "", "time_zone": ""}, {"display_name": "Ada", "time_zone": "No/Where"}]
)
async def test_a_wrong_profile_is_told_on_its_field(adas: Browser, fields: dict[str, str]) -> None:
    page = await adas.submits("/settings/profile", **fields)
    assert page.status == 422
    assert re.search(r'id="f-(display_name|time_zone)-error"', page.text)


async def test_a_new_password_ends_the_other_sessions(adas: Browser, client: TestClient[Any, Any], ada: Actor) -> None:
    async with browser(client) as other:
        await other.signs_in("ada")
        wrong = await adas.submits("/settings/password", on="/settings/profile", current="wrong", new=NEW_PASSWORD)
        assert wrong.status == 422
        assert 'id="f-current-error"' in wrong.text
        assert (await other.opens("/rooms")).status == 200
        page = await adas.submits("/settings/password", on="/settings/profile", current=PASSWORD, new=NEW_PASSWORD)
        assert page.location == "/settings/profile"
        assert (await other.opens("/rooms")).status == 303
        assert (await adas.opens("/rooms")).status == 200


@pytest.mark.parametrize("theme", ["dark", "light", "system"])
async def test_the_theme_is_kept_by_the_server(adas: Browser, theme: str) -> None:
    page = await adas.submits("/settings/theme", on="/settings/appearance", theme=theme)
    assert page.location == "/settings/appearance"
    assert f'data-theme="{theme}"' in (await adas.opens("/rooms")).text


async def test_a_theme_that_is_none_is_refused(adas: Browser) -> None:
    assert (await adas.submits("/settings/theme", on="/settings/appearance", theme="plaid")).status == 422


@pytest.mark.parametrize("density", ["compact", "comfortable"])
async def test_how_close_together_things_stand_is_kept_by_the_server(adas: Browser, density: str) -> None:
    page = await adas.submits("/settings/density", on="/settings/appearance", density=density)
    assert (page.status, page.location) == (303, "/settings/appearance")
    assert f'value="{density}" checked' in (await adas.opens("/settings/appearance")).text
    assert ('data-density="compact"' in (await adas.opens("/rooms")).text) is (density == "compact")


async def test_a_density_that_is_none_is_refused(adas: Browser) -> None:
    assert (await adas.submits("/settings/density", on="/settings/appearance", density="1px")).status == 422


@pytest.mark.parametrize(("chosen", "cycle"), [("h12", "h12"), ("h23", "h23"), ("", "h23")])
async def test_times_of_day_are_as_chosen_or_as_the_browser_has_them(
    adas: Browser, ada: Actor, chosen: str, cycle: str
) -> None:
    await ada.says("hello")
    page = await adas.submits("/settings/clock", on="/settings/appearance", hour_cycle=chosen)
    assert (page.status, page.location) == (303, "/settings/appearance")
    assert f'value="{chosen}" checked' in (await adas.opens("/settings/appearance")).text
    room = (await adas.opens("/rooms/general")).text
    assert f'"hour_cycle": "{cycle}"' in room
    (drawn,) = re.findall(r"<time[^>]*>(\d\d:\d\d(?: [AP]M)?)</time>", room)[:1]
    assert drawn.endswith("M") is (cycle == "h12")


async def test_who_hides_is_told_what_administrators_see(adas: Browser) -> None:
    assert "Administrators still see when your account was last used." in (await adas.opens("/settings/profile")).text


async def test_presence_is_hidden_and_shown_again(adas: Browser, chat: Chat, ada: Actor) -> None:
    for wanted in ("hidden", "shown"):
        page = await adas.submits("/settings/presence", on="/settings/profile", presence=wanted)
        assert (page.status, page.location) == (303, "/settings/profile")
        shown = (await adas.opens("/settings/profile")).text
        assert re.findall(r'name="presence" value="(\w+)" checked', shown) == [wanted]
    for wrong in ("", "HIDDEN", "no"):
        page = await adas.submits("/settings/presence", on="/settings/profile", presence=wrong)
        assert page.status in {400, 422}


async def test_fetching_a_page_makes_nobody_be_here(adas: Browser, chat: Chat, ada: Actor) -> None:
    """Presence is that of sockets, so what a browser fetches in advance cannot count."""
    for path in ("/rooms/general", "/people"):
        await adas.opens(path, **{"Sec-Purpose": "prefetch;prerender"})
    assert chat.presence._board.presence(ada.person.id) == "offline"
    assert 'data-presence="ada" data-state="offline"' in " ".join((await adas.opens("/people")).text.split())


async def test_other_sessions_can_be_ended(adas: Browser, client: TestClient[Any, Any], ada: Actor, chat: Chat) -> None:
    async with browser(client) as second, browser(client) as third:
        await second.signs_in("ada")
        await third.signs_in("ada")
        page = await adas.opens("/settings/sessions")
        assert page.text.count("this one") == 1
        digest = page.value("digest")
        assert (await adas.submits("/settings/sessions/end", on="/settings/sessions", digest=digest)).status == 303
        statuses = sorted([(await each.opens("/rooms")).status for each in (second, third)])
        assert statuses == [200, 303]
        await adas.submits("/settings/sessions/end-others", on="/settings/sessions")
        assert {(await each.opens("/rooms")).status for each in (second, third)} == {303}
        assert len(await chat.sign_in.sessions(ada.person)) == 1


async def test_each_session_has_a_button_of_its_own_name(adas: Browser, client: TestClient[Any, Any]) -> None:
    async with browser(client) as second, browser(client) as third:
        await second.signs_in("ada")
        await third.signs_in("ada")
        text = (await adas.opens("/settings/sessions")).text
        names = re.findall(r'aria-label="(Log out of session [^"]+)">Log out<', text)
        assert len(set(names)) == text.count('name="digest"') == 2
        assert all("127.0.0.1" in name for name in names)


async def test_anothers_session_cannot_be_ended(adas: Browser, graces: Browser, grace: Actor, chat: Chat) -> None:
    (session,) = await chat.sign_in.sessions(grace.person)
    page = await adas.submits("/settings/sessions/end", on="/settings/sessions", digest=session.digest)
    assert page.status == 404
    assert (await graces.opens("/rooms")).status == 200


async def test_a_token_is_shown_once_and_works_until_revoked(adas: Browser, stranger: Browser) -> None:
    page = await adas.makes("/settings/tokens", name="cron <b>", days="30")
    assert page.headers["Cache-Control"] == "no-store"
    found = re.search(r'value="(chat_personal_[^"]+)"', page.text)
    assert found
    bearer = {"Authorization": f"Bearer {found[1]}"}
    later = await adas.opens("/settings/tokens")
    assert found[1] not in later.text
    assert "cron &lt;b&gt;" in later.text
    assert adas.origin in later.text
    assert (await stranger.opens("/api/v1/me", **bearer)).status == 200
    revoke = re.findall(r'action="(/settings/tokens/\d+/revoke)"', later.text)
    assert (await adas.submits(revoke[0], on="/settings/tokens")).location == "/settings/tokens"
    assert (await stranger.opens("/api/v1/me", **bearer)).status == 401


@pytest.mark.parametrize(
    ("path", "fields", "secret"),
    [
        ("/settings/tokens", {"name": "cron", "days": "30"}, r"chat_personal_[\w-]+"),
        ("/settings/invites", {}, r"/join/[\w-]+"),
    ],
)
async def test_what_is_shown_once_is_on_a_page_that_can_be_loaded_again(
    adas: Browser, path: str, fields: dict[str, str], secret: str
) -> None:
    made = [await adas.submits(path, **fields) for _ in range(2)]
    assert all(page.status == 303 and not re.search(secret, page.text + page.location) for page in made)
    assert len(adas.cookie()) < 1000
    shown = [re.findall(secret, (await adas.opens(page.location)).text) for page in made]
    assert shown[0]
    assert shown[0] != shown[1]
    for page, found in zip(made, shown, strict=True):
        again = (await adas.opens(page.location)).text
        assert found[0] not in again
        assert "is shown once" in again
    assert "is shown once" not in (await adas.opens(path)).text
    assert (await adas.opens(f"{path}?made=x")).status == 400


async def test_a_logout_forgets_what_was_not_shown_yet(adas: Browser) -> None:
    made = await adas.submits("/settings/tokens", name="cron", days="30")
    await adas.submits("/logout", on="/rooms/general")
    await adas.signs_in("ada")
    assert "chat_personal_" not in (await adas.opens(made.location)).text


@pytest.mark.parametrize(("name", "days"), [("", "30"), ("x", "soon"), ("x", "-1"), ("x", "9" * 30), ("x", "1.5")])
async def test_a_wrong_token_form_is_refused(adas: Browser, name: str, days: str) -> None:
    assert (await adas.submits("/settings/tokens", name=name, days=days)).status == 422


async def test_anothers_token_cannot_be_revoked(graces: Browser, ada: Actor, chat: Chat) -> None:
    token, _ = await chat.sign_in.create_token(ada.person, "mine", None)
    for number in (str(token.id), "999", "9" * 16, "9" * 40):
        assert (await graces.submits(f"/settings/tokens/{number}/revoke", on="/settings/tokens")).status == 404


async def test_invites_are_for_administrators(graces: Browser) -> None:
    assert (await graces.opens("/settings/invites")).status == 403
    assert (await graces.submits("/settings/invites", on="/settings/tokens")).status == 403


async def test_an_invite_can_be_revoked(adas: Browser, stranger: Browser) -> None:
    page = await adas.makes("/settings/invites")
    found = re.search(r'value="http://[^"]+(/join/[^"]+)"', page.text)
    assert found
    assert (await stranger.opens(found[1])).status == 200
    (revoke,) = re.findall(r'action="(/settings/invites/\d+/revoke)"', page.text)
    await adas.submits(revoke, on="/settings/invites")
    assert (await stranger.opens(found[1])).status == 403


async def test_tokens_shown_in_examples_carry_our_own_address(adas: Browser) -> None:
    assert f"{adas.origin}/api/v1/rooms/general/messages" in (await adas.opens("/settings/tokens")).text


async def test_what_is_to_be_typed_keeps_its_indentation(adas: Browser) -> None:
    """Two lines go on, and say so."""
    shown = (await adas.opens("/settings/tokens")).text
    assert re.search(r"\\\n  http", shown)
    assert re.search(r"\\\n  -c ", shown)
