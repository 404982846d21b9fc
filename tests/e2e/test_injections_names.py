"""Names that mean harm, of people, rooms, tokens and browsers, wherever a real browser shows them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from chatapp.core import validation
from tests.e2e import injecting
from tests.e2e.injecting import House, accepted, add
from tests.support.injections import INJECTIONS
from tests.support.rounds import rounds

Visit = Callable[..., Awaitable[Page]]
# [a selector, the text it should show, an attribute that should say it too]: what is wrong on the page.
SHOWN = r"""
expected => expected.flatMap(([selector, text, attribute]) => {
  const element = document.querySelector(selector);
  if (!element) return [`${selector} is not there`];
  const said = attribute ? element.getAttribute(attribute) : element.textContent.trim();
  const isText = attribute || !element.querySelector(":not(bdi)");
  return said.includes(text) && isText ? [] : [`${selector} ${attribute ?? ""} says ${said.slice(0, 99)}`];
})
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    names = ("ada", "grace", "lin", "one", "two", "three", "four", "five")
    async with injecting.open_house(tmp_path_factory.mktemp("names") / "data", *names) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def people(house: House) -> Mapping[str, str]:
    """Somebody for each text that may be a name, who has said something; the names by username."""

    async def enters(place: int, text: str) -> None:
        person = await add(house.chat, f"p{place}", text)
        await house.chat.messages.post(person, "general", "hello")

    taken = await accepted(INJECTIONS, enters)
    return {f"p{place}": validation.display_name(text) for place, text in taken.items()}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rooms(house: House) -> Mapping[str, str]:
    """A room of lin's for each text that may be its name, with the same text as topic; the names by slug."""

    async def opens(place: int, text: str) -> None:
        await house.chat.rooms.create(house.people["lin"], name=text, slug=f"r{place}", topic=text)

    taken = await accepted(INJECTIONS, opens)
    return {f"r{place}": validation.room_name(text) for place, text in taken.items()}


async def wrong(page: Page, expected: Sequence[tuple[str, str, str | None]]) -> Any:
    return await page.evaluate(SHOWN, [list(each) for each in expected])


async def test_people_are_listed_by_the_text_of_their_names(
    house: House, people: Mapping[str, str], visit: Visit
) -> None:
    assert len(people) > 200
    page = await visit("grace", at="/people", to=house)
    seen = 0
    for _ in range(len(people)):
        there = await page.locator(".list-row").evaluate_all("rows => rows.map((row) => row.id.slice(1))")
        rows = {username: f'.list-row[id="@{username}"]' for username in there if username in people}
        seen += len(rows)
        assert await wrong(page, [(f"{row} .person-name bdi", people[name], None) for name, row in rows.items()]) == []
        assert await wrong(page, [(f"{row} button", people[name], "aria-label") for name, row in rows.items()]) == []
        following = page.locator("[rel=next]")
        if not await following.count():
            break
        await page.goto(str(await following.get_attribute("href")))
    assert seen == len(people)
    await page.goto("/rooms/general/settings")
    assert await page.locator("#members .person-name bdi").all_text_contents() == await members(house)
    await page.goto("/rooms/general")
    assert await page.locator(".members bdi:not(.status)").all_text_contents() == await members(house)


async def members(house: House) -> list[str]:
    found = await house.chat.memberships.members(house.people["grace"], "general")
    return [member.display_name for member in found]


async def test_authors_are_shown_by_the_text_of_their_names_also_after_they_change(
    house: House, people: Mapping[str, str], visit: Visit
) -> None:
    page = await visit("grace", to=house)
    names = list(people.items())
    for start in range(0, len(names), 50):
        await page.goto(f"/rooms/general?before={start + 51}")
        part = list(enumerate(names[start : start + 50], start + 1))
        expected = [(f"#m{index} .who a", name, None) for index, (_, name) in part]
        assert await wrong(page, expected) == []
        assert await wrong(page, [(f"#m{index}", name, "aria-label") for index, (_, name) in part]) == []
        assert await wrong(page, handles(part)) == []
    # The last page is live: everybody on it takes the name of somebody else.
    everyone = {person.username: person for person in await house.chat.accounts.everyone()}
    for number, (_, (username, _name)) in enumerate(part):
        await house.chat.accounts.update_profile(everyone[username], display_name=names[number][1], time_zone="")
    await expect(page.locator(f"#m{part[-1][0]} .who")).to_have_text(names[len(part) - 1][1].strip())
    expected = [(f"#m{index} .who a", names[number][1], None) for number, (index, _) in enumerate(part)]
    assert await wrong(page, expected) == []
    assert await wrong(page, handles(part)) == []


def handles(part: Sequence[tuple[int, tuple[str, str]]]) -> list[tuple[str, str, str | None]]:
    """Whatever somebody is called, the username beside it is theirs: to the eye, and in what is said for the row."""
    places = ((" .handle", None), ("", "aria-label"))
    return [(f"#m{index}{at}", f"@{username}", said) for index, (username, _) in part for at, said in places]


async def test_rooms_are_listed_by_the_text_of_their_names_and_topics(
    house: House, rooms: Mapping[str, str], visit: Visit
) -> None:
    assert len(rooms) > 200
    page = await visit("grace", at="/rooms", to=house)
    row = ".list-row:has(a[href='/rooms/{}'])"
    assert await wrong(page, [(f"{row.format(slug)} .list-name", name, None) for slug, name in rooms.items()]) == []
    topics = {slug: " ".join(name.split()) for slug, name in rooms.items()}
    assert await wrong(page, [(f"{row.format(slug)} .list-about", text, None) for slug, text in topics.items()]) == []
    assert await wrong(page, [(f"{row.format(s)} button", name, "aria-label") for s, name in rooms.items()]) == []


async def test_the_sidebar_and_the_switcher_show_the_text_of_names(
    house: House, rooms: Mapping[str, str], visit: Visit
) -> None:
    page = await visit("lin", at="/rooms", to=house)
    link = "#sidebar [data-room='{}'] .n"
    assert await wrong(page, [(link.format(slug), name, None) for slug, name in rooms.items()]) == []
    await page.keyboard.press("Control+k")
    await expect(page.locator("#switcher-list [role=option]").first).to_be_visible()
    shown = await page.locator("#switcher-list [role=option] .n").all_text_contents()
    assert sorted(shown) == sorted(["general", *rooms.values()])
    assert await page.locator("#switcher-list *:not(li, span, bdi, svg, use)").count() == 0


async def test_an_open_room_shows_the_text_of_its_new_name(
    house: House, rooms: Mapping[str, str], visit: Visit
) -> None:
    ada = house.people["ada"]
    room = await house.chat.rooms.create(ada, name="turning")
    page = await visit("ada", at=f"/rooms/{room.slug}", to=house)
    names = list(rooms.values())
    for name in names[:: len(names) // rounds(5, 60)]:
        await house.chat.rooms.update(ada, room.slug, name=name, topic=name)
        await expect(page.locator(".roomhead h1 .n")).to_have_text(name, timeout=10_000)
        expected = [(".roomhead h1 .n", name, None), (".topic", name, None), (".topic", name, "title")]
        assert await wrong(page, expected) == []
        assert name.strip() in await page.title()


async def test_tokens_are_listed_by_the_text_of_their_names(house: House, visit: Visit) -> None:
    part = len(INJECTIONS) // 5 + 1  # A person may have a hundred.
    for number, username in enumerate(("one", "two", "three", "four", "five")[: rounds(2, 5)]):
        owner = house.people[username]

        async def names(place: int, text: str, owner: Any = owner) -> None:
            await house.chat.sign_in.create_token(owner, text, None)

        taken = await accepted(INJECTIONS[number * part : (number + 1) * part], names)
        page = await visit(username, at="/settings/tokens", to=house)
        shown = await page.locator("tbody th bdi").all_text_contents()
        assert sorted(shown) == sorted(["tests", *map(validation.token_name, taken.values())])
        assert await page.locator("tbody th *:not(bdi, .tag)").count() == 0


async def test_browsers_are_listed_by_the_text_they_call_themselves(house: House, visit: Visit) -> None:
    texts = [text for text in INJECTIONS if injecting.is_encodable(text)]
    assert len(texts) > 300
    sign_in, grace = house.chat.sign_in, house.people["grace"]
    page = await visit("grace", at="/settings/sessions", to=house)
    others = page.get_by_role("button", name="Log out all others")
    if await others.count():
        # Those of the tests before.
        await others.click()
    # A person has 50 at most, this page's own among them.
    for start in range(0, len(texts), 45):
        for text in texts[start : start + 45]:
            await sign_in.start_session(grace, remember=False, address=text, user_agent=text)
        await page.reload()
        assert await page.locator("tbody :is(th, td:nth-child(2)) *").count() == 0
        titles = await page.locator("tbody th").evaluate_all("cells => cells.map((cell) => cell.title)")
        kept = {session.user_agent for session in await sign_in.sessions(grace)}
        assert len(titles) == len(texts[start : start + 45]) + 1
        assert {title.replace("\r", "\n") for title in titles} == {agent.replace("\r", "\n") for agent in kept}
        await page.get_by_role("button", name="Log out all others").click()
        await expect(page.locator("tbody tr")).to_have_count(1)
