"""Who may answer a message with what."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chatapp.core.errors import ChatError, Conflict, Invalid, NotFound
from chatapp.core.models import Person, Reaction
from chatapp.domain.reactions import Given
from chatapp.storage.batch import MOST_EMOJI
from tests.support.house import House
from tests.support.rooms import closed_room


@pytest.fixture
def house(unhurried: House) -> House:
    return unhurried


@pytest.fixture(autouse=True)
async def _said(house: House, ada: Person) -> None:
    await house.chat.messages.post(ada, "general", "hello")


async def test_every_member_reacts_to_everybodys_messages(house: House, ada: Person, grace: Person) -> None:
    for person in (grace, ada):
        message = await house.chat.reactions.add(person, "general", 1, "👍")
    assert message.reactions == (Reaction("👍", ("grace", "ada")),)
    assert (await house.chat.messages.recent(ada, "general")).messages == (message,)
    left = await house.chat.reactions.remove(grace, "general", 1, "👍")
    assert left.reactions == (Reaction("👍", ("ada",)),)


async def test_nobody_takes_anothers_back(house: House, ada: Person, grace: Person) -> None:
    given = await house.chat.reactions.add(grace, "general", 1, "👍")
    assert await house.chat.reactions.remove(ada, "general", 1, "👍") == given


async def test_one_emoji_is_one_however_it_is_spelt(house: House, ada: Person, grace: Person) -> None:
    await house.chat.reactions.add(ada, "general", 1, "❤")
    both = await house.chat.reactions.add(grace, "general", 1, "❤️")
    assert both.reactions == (Reaction("❤️", ("ada", "grace")),)
    assert (await house.chat.reactions.remove(ada, "general", 1, "❤")).reactions == (Reaction("❤️", ("grace",)),)


@pytest.mark.parametrize("emoji", ["", "a", "1", ":+1:", "👍👍", "👍 ", "<b>", "\x00", "\ud83d", "🇩", "x" * 100_000])
async def test_what_is_not_one_emoji_is_refused(house: House, ada: Person, emoji: str) -> None:
    for turn in (house.chat.reactions.add, house.chat.reactions.remove):
        with pytest.raises(Invalid) as refusal:
            await turn(ada, "general", 1, emoji)
        assert refusal.value.errors[0].field == "emoji"
    assert (await house.chat.messages.recent(ada, "general")).version == 1


async def test_who_is_not_in_the_room_learns_nothing(house: House, ada: Person, grace: Person) -> None:
    await closed_room(house.chat, grace, "designers")
    await house.chat.messages.post(grace, "designers", "hello")
    for slug, index in (("designers", 1), ("nowhere", 1), ("general", 2), ("general", 2**60)):
        with pytest.raises(NotFound):
            await house.chat.reactions.add(ada, slug, index, "👍")


async def test_who_was_removed_reacts_no_more(house: House, ada: Person, grace: Person) -> None:
    await closed_room(house.chat, grace, "designers")
    await house.chat.memberships.add(grace, "designers", "ada")
    await house.chat.messages.post(ada, "designers", "hello")
    await house.chat.reactions.add(ada, "designers", 1, "👍")
    await house.chat.memberships.remove(grace, "designers", "ada")
    for turn in (house.chat.reactions.add, house.chat.reactions.remove):
        with pytest.raises(NotFound):
            await turn(ada, "designers", 1, "👍")
    # What they gave stays: it was said.
    assert (await house.chat.messages.by_index(grace, "designers", 1)).reactions == (Reaction("👍", ("ada",)),)


async def test_twenty_different_emoji_are_enough(house: House, ada: Person, grace: Person) -> None:
    answers: list[type[ChatError] | None] = []
    for number in range(MOST_EMOJI + 1):
        try:
            await house.chat.reactions.add(ada, "general", 1, chr(0x1F600 + number))
            answers.append(None)
        except ChatError as error:
            answers.append(type(error))
    assert answers == [*[None] * MOST_EMOJI, Conflict]


def named(given: Sequence[Given]) -> dict[str, list[str]]:
    return {each.emoji: [giver.display_name for giver in each.givers] for each in given}


async def test_every_member_learns_who_gave_what_also_of_those_who_have_left(
    house: House, ada: Person, grace: Person
) -> None:
    reactions = house.chat.reactions
    assert await reactions.given(ada, "general", 1) == []
    for person, emoji in ((grace, "👍"), (ada, "👍"), (grace, "🎉")):
        await reactions.add(person, "general", 1, emoji)
    await house.chat.accounts.update_profile(grace, display_name="Grace Lin", time_zone="")
    assert named(await reactions.given(ada, "general", 1)) == {"👍": ["Grace Lin", "ada"], "🎉": ["Grace Lin"]}
    await closed_room(house.chat, ada, "designers")
    await house.chat.memberships.add(ada, "designers", "grace")
    await house.chat.messages.post(ada, "designers", "hello")
    await reactions.add(grace, "designers", 1, "👍")
    await house.chat.memberships.leave(grace, "designers")
    assert named(await reactions.given(ada, "designers", 1)) == {"👍": ["Grace Lin"]}


async def test_of_very_many_the_first_are_named_and_all_are_counted(
    house: House, ada: Person, grace: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatapp.domain.reactions.MOST_SHOWN", 1)
    for person in (grace, ada):
        await house.chat.reactions.add(person, "general", 1, "👍")
    (given,) = await house.chat.reactions.given(ada, "general", 1)
    assert (given.count, [giver.username for giver in given.givers]) == (2, ["grace"])


async def test_nobody_learns_who_gave_what_where_they_are_not_or_nothing_stands(
    house: House, ada: Person, grace: Person
) -> None:
    await closed_room(house.chat, grace, "designers")
    await house.chat.messages.post(grace, "designers", "hello")
    await house.chat.messages.delete(ada, "general", 1)
    for slug, index in (("designers", 1), ("nowhere", 1), ("general", 1), ("general", 2), ("general", 2**60)):
        with pytest.raises(NotFound):
            await house.chat.reactions.given(ada, slug, index)


async def test_who_was_removed_learns_nothing_more(house: House, ada: Person, grace: Person) -> None:
    await closed_room(house.chat, grace, "designers")
    await house.chat.memberships.add(grace, "designers", "ada")
    await house.chat.messages.post(ada, "designers", "hello")
    await house.chat.memberships.remove(grace, "designers", "ada")
    with pytest.raises(NotFound):
        await house.chat.reactions.given(ada, "designers", 1)
