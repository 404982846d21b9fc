"""The messages that a room keeps at hand."""

from __future__ import annotations

import pytest

from chatapp.core.errors import NotFound
from chatapp.core.models import Person
from tests.support.house import House
from tests.support.rooms import closed_room
from tests.support.store import contents
from tests.support.time import SettableClock


@pytest.fixture
def house(unhurried: House) -> House:
    return unhurried


async def test_every_member_pins_and_unpins(house: House, ada: Person, grace: Person, clock: SettableClock) -> None:
    for content in ("one", "two", "three"):
        await house.chat.messages.post(ada, "general", content)
    for index in (3, 1):
        clock.passes(seconds=1)
        assert (await house.chat.pins.add(grace, "general", index)).is_pinned
    assert contents((await house.chat.pins.all(ada, "general")).messages) == ["one", "three"]
    assert not (await house.chat.pins.remove(ada, "general", 1)).is_pinned
    assert contents((await house.chat.pins.all(grace, "general")).messages) == ["three"]


async def test_what_is_changed_is_changed_in_the_list(house: House, ada: Person) -> None:
    for content in ("one", "two"):
        message = await house.chat.messages.post(ada, "general", content)
        await house.chat.pins.add(ada, "general", message.index)
    await house.chat.messages.edit(ada, "general", 1, "ONE")
    await house.chat.messages.delete(ada, "general", 2)
    assert contents((await house.chat.pins.all(ada, "general")).messages) == ["ONE"]


async def test_who_is_not_in_the_room_learns_nothing(house: House, ada: Person, grace: Person) -> None:
    await closed_room(house.chat, grace, "designers")
    await house.chat.messages.post(grace, "designers", "hello")
    await house.chat.pins.add(grace, "designers", 1)
    for slug in ("designers", "nowhere"):
        with pytest.raises(NotFound):
            await house.chat.pins.all(ada, slug)
        for turn in (house.chat.pins.add, house.chat.pins.remove):
            with pytest.raises(NotFound):
                await turn(ada, slug, 1)
    assert len((await house.chat.pins.all(grace, "designers")).messages) == 1
