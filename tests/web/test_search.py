"""Searching by the page and over REST: found, marked, paged, and refused in words."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from tests.support.cast import Actor, Given
from tests.web.browser import Browser
from tests.web.script import Script, problem

SEARCH = "/api/v1/search"


async def test_the_page_shows_what_was_found_marked_and_leads_there(adas: Browser, ada: Actor) -> None:
    await ada.says("The nightly backup is done")
    page = await adas.opens("/search?q=backup")
    assert page.status == 200
    assert "The nightly <mark>backup</mark> is done" in page.text
    assert 'href="/rooms/general/1"' in page.text
    assert "1 result, newest first" in page.text
    assert 'value="backup"' in page.text


async def test_what_was_found_is_escaped_and_so_is_what_was_asked(adas: Browser, ada: Actor) -> None:
    await ada.says("<img src=x onerror=alert(1)> <script>backup</script>")
    page = await adas.opens("/search?q=" + quote('backup "<script>"'))
    assert "&lt;img src=x onerror=alert(1)&gt; &lt;<mark>script</mark>&gt;<mark>backup</mark>" in page.text
    assert "<script>b" not in page.text
    nothing = await adas.opens("/search?q=" + quote('<b>nowhere</b> "><b>'))
    assert "<b>" not in nothing.text


async def test_where_nothing_is_found_it_says_what_was_looked_for_and_offers_the_slow_way(
    adas: Browser, ada: Actor
) -> None:
    await ada.says("Datensicherung")
    page = await adas.opens("/search?q=sicherung")
    assert "Nothing was found for “sicherung”" in page.text
    assert 'href="/search?q=sicherung&amp;slow=true"' in page.text
    slow = await adas.opens("/search?q=sicherung&slow=true")
    assert "<mark>Datensicherung</mark>" in slow.text


async def test_what_was_found_is_shown_without_its_marks(adas: Browser, ada: Actor) -> None:
    await ada.says("a **bold** [fox](https://example.org/den) & `code` <b>")
    page = await adas.opens("/search?q=fox+bold")
    assert "a <mark>bold</mark> <mark>fox</mark> &amp; code &lt;b&gt;</p>" in page.text
    # What is in the address of a link is shown where it was looked for.
    assert (
        "**bold** [fox](https://<mark>example.org/den</mark>)" in (await adas.opens("/search?q=example.org/den")).text
    )


@pytest.mark.parametrize("asked", ["before:yesterday", "-after:2026-02-30", "has:nothing", "IS:unread"])
async def test_what_looks_like_a_filter_and_is_none_is_told(adas: Browser, ada: Actor, asked: str) -> None:
    await ada.says("a fox")
    page = await adas.opens(f"/search?q=fox+nowhere+{asked}")
    assert page.status == 200
    assert f"“{asked.removeprefix('-')}” is no filter" in page.text
    assert ("A day is written as in" in page.text) == ("before" in asked or "after" in asked)
    for understood in ("note:x nowhere", "before:2026-01-01 fox", "from:ada nowhere", "from: nowhere"):
        assert "is no filter" not in (await adas.opens(f"/search?q={quote(understood)}")).text


@pytest.mark.parametrize("how", ["", "&slow=true"])
async def test_a_day_that_no_position_in_the_index_reaches_is_a_day_like_any(
    adas: Browser, ada: Actor, how: str
) -> None:
    await ada.says("a fox")
    for day in ("2249-01-01", "9998-12-31"):
        assert "<mark>fox</mark>" in (await adas.opens(f"/search?q=fox+before:{day}{how}")).text
        nothing = await adas.opens(f"/search?q=fox+after:{day}{how}")
        assert (nothing.status, "<mark>" in nothing.text) == (200, False)


async def test_what_is_counted_is_ones_own_rooms_alone(
    given: Given, ada: Actor, grace: Actor, ada_script: Script, grace_script: Script
) -> None:
    await ada.says("plan")
    await given.room("Designers", owner=ada)
    for asked in ("plan", "plan in:nowhere"):
        path = f"{SEARCH}?q={quote(asked)}"
        before = await grace_script.gets(path)
        await ada.says("another plan", in_="designers")
        assert await grace_script.gets(path) == before
        assert (await ada_script.gets(path))["total"] > before["total"]


async def test_older_results_are_a_link_away(adas: Browser, ada: Actor, ada_script: Script) -> None:
    for number in range(15):
        await ada.says(f"deploy {number}")
    first = await ada_script.calls("GET", f"{SEARCH}?q=deploy&limit=10")
    (older,) = re.findall(r"<([^>]+)>; rel=\"next\"", first.headers["Link"])
    rest = await ada_script.gets(older)
    assert [message["index"] for message in rest["messages"]] == [5, 4, 3, 2, 1]
    assert rest["complete"] is True


@pytest.mark.parametrize("text", ["", "   ", "-only", "***", "\x00", '"'])
async def test_a_search_for_nothing_says_so(ada_script: Script, text: str) -> None:
    answer = await ada_script.calls("GET", f"{SEARCH}?q={quote(text)}")
    assert problem(answer) == (422, "invalid")


async def test_a_search_of_ten_thousand_characters_is_refused(adas: Browser, ada_script: Script) -> None:
    answer = await ada_script.calls("GET", f"{SEARCH}?q={'x' * 10_000}")
    assert answer.status in {400, 414, 422}
    assert problem(await ada_script.calls("GET", f"{SEARCH}?q={'x' * 5000}")) == (422, "invalid")
    page = await adas.opens(f"/search?q={'x' * 5000}")
    assert page.status == 422
    assert "A search may have 400 characters; this one has 5000." in page.text


@pytest.mark.parametrize("place", ["-1", "zz", "f" * 16, "1' OR 1=1", "%00"])
async def test_a_place_that_is_none_is_refused(ada_script: Script, place: str) -> None:
    answer = await ada_script.calls("GET", f"{SEARCH}?q=x&below={quote(place, safe='%')}")
    assert problem(answer) == (400, "bad_request")


async def test_an_outsider_finds_nothing(grace_script: Script, given: Given, ada: Actor) -> None:
    room = await given.room("designers", owner=ada)
    await ada.says("the secret plan", in_=room.slug)
    assert (await grace_script.gets(f"{SEARCH}?q=secret"))["messages"] == []
    assert (await grace_script.gets(f"{SEARCH}?q=in:{room.slug}"))["messages"] == []


@pytest.mark.parametrize("asked", ["%ED%A0%80", "%FF%FE", "%00", "a%00b", "%F0%9F", "%E2%80%AE", "%", "+", "%25%27%22"])
async def test_whatever_bytes_are_asked_for_there_is_an_answer(
    adas: Browser, ada: Actor, ada_script: Script, asked: str
) -> None:
    await ada.says("a message")
    for path in (f"/search?q={asked}", f"/search?q={asked}&slow=true", f"/search?q=x+in:{asked}+from:{asked}"):
        page = await adas.opens(path)
        assert page.status in {200, 400, 422}, page.text
    assert (await ada_script.calls("GET", f"{SEARCH}?q={asked}")).status in {200, 400, 422}
    assert (await ada_script.calls("GET", f"{SEARCH}?q=x+from:{asked}")).status in {200, 400, 422}


@pytest.mark.parametrize("more", ["&q=b", "&slow=maybe", "&limit=0", "&limit=101", "&limit=x", "&html=1"])
async def test_a_parameter_that_makes_no_sense_is_refused(ada_script: Script, more: str) -> None:
    assert problem(await ada_script.calls("GET", f"{SEARCH}?q=a{more}")) == (400, "bad_request")


async def test_who_searches_too_often_is_told_when_to_come_back(adas: Browser, ada: Actor) -> None:
    for _ in range(5):
        assert (await adas.opens("/search?q=x&slow=true")).status == 200
    refused = await adas.opens("/search?q=x&slow=true")
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "Try again in" in refused.text


async def test_a_stranger_is_led_to_the_login(stranger: Browser, ada: Actor) -> None:
    page = await stranger.opens("/search?q=x")
    assert (page.status, page.location) == (303, "/login?next=/search%3Fq%3Dx")
