"""Whom a message names: members only, counted until it is read, whatever becomes of the message."""

from __future__ import annotations

import pytest

from chatapp.core.models import Person
from chatapp.domain.rooms import Rooms
from chatapp.storage import mentions
from tests.support.house import House
from tests.support.rooms import closed_room


@pytest.fixture
def house(unhurried: House) -> House:
    return unhurried


async def unread(rooms: Rooms, who: Person, slug: str = "general") -> tuple[int, ...]:
    return next(view.mentions for view in await rooms.sidebar(who) if view.room.slug == slug)


async def test_a_named_member_is_counted_until_it_is_read(house: House, ada: Person, grace: Person) -> None:
    chat = house.chat
    for content in ("hello", "hi @grace", "@grace @GRACE again"):
        await chat.messages.post(ada, "general", content)
    assert await unread(chat.rooms, grace) == (2, 3)
    await chat.memberships.mark_read(grace, "general", 2)
    assert await unread(chat.rooms, grace) == (3,)
    await chat.memberships.mark_read(grace, "general", 3)
    assert await unread(chat.rooms, grace) == ()
    assert await unread(chat.rooms, ada) == ()


async def test_the_message_says_whom_it_names(house: House, ada: Person, grace: Person) -> None:
    message = await house.chat.messages.post(ada, "general", "@grace, @nobody and @room")
    assert message.mentions == ("grace", "@room")
    (stored,) = (await house.chat.messages.recent(grace, "general")).messages
    assert stored.mentions == message.mentions


async def test_room_counts_for_everybody_else(house: House, ada: Person, grace: Person) -> None:
    await house.chat.messages.post(ada, "general", "@room: lunch, @grace")
    assert await unread(house.chat.rooms, grace) == (1,)
    assert await unread(house.chat.rooms, ada) == ()


async def test_many_in_one_room_take_nothing_from_another(
    house: House, ada: Person, grace: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mentions, "MOST_UNREAD", 2)
    await closed_room(house.chat, ada, "designers")
    await house.chat.memberships.add(ada, "designers", "grace")
    for content in ("@grace", "@room and @grace", "hello", "@room"):
        await house.chat.messages.post(ada, "general", content)
    await house.chat.messages.post(ada, "designers", "@grace")
    # The newest: as long as there are any, there is one among them.
    assert await unread(house.chat.rooms, grace) == (2, 4)
    assert await unread(house.chat.rooms, grace, "designers") == (1,)


async def test_here_is_for_those_who_are_here_and_not_kept(house: House, ada: Person, grace: Person) -> None:
    message = await house.chat.messages.post(ada, "general", "@here")
    assert message.mentions == ("@here",)
    assert await unread(house.chat.rooms, grace) == ()


async def test_an_edit_changes_who_is_named(house: House, ada: Person, grace: Person) -> None:
    chat, linus = house.chat, await house.person("linus")
    await chat.messages.post(ada, "general", "@grace")
    edited = await chat.messages.edit(ada, "general", 1, "@linus")
    assert edited.mentions == ("linus",)
    assert await unread(chat.rooms, grace) == ()
    assert await unread(chat.rooms, linus) == (1,)
    await chat.messages.edit(ada, "general", 1, "@linus and @grace")
    assert await unread(chat.rooms, grace) == await unread(chat.rooms, linus) == (1,)


async def test_a_deleted_message_names_nobody(house: House, ada: Person, grace: Person) -> None:
    await house.chat.messages.post(ada, "general", "@grace @room")
    await house.chat.messages.delete(ada, "general", 1)
    assert await unread(house.chat.rooms, grace) == ()


async def test_who_is_not_in_the_room_is_not_named(house: House, ada: Person, grace: Person) -> None:
    slug = (await closed_room(house.chat, ada, "secret")).slug
    message = await house.chat.messages.post(ada, slug, "@grace @ada @room")
    assert message.mentions == ("ada", "@room")
    assert "grace" not in {view.room.slug for view in await house.chat.rooms.sidebar(grace)}


async def test_a_name_survives_another_display_name(house: House, ada: Person, grace: Person) -> None:
    await house.chat.messages.post(ada, "general", "@grace")
    await house.chat.accounts.update_profile(grace, display_name="Rear Admiral", time_zone="")
    (stored,) = (await house.chat.messages.recent(grace, "general")).messages
    assert stored.mentions == ("grace",)
    assert await unread(house.chat.rooms, grace) == (1,)


async def test_only_open_rooms_become_links(house: House, ada: Person) -> None:
    slug = (await closed_room(house.chat, ada, "secret")).slug
    message = await house.chat.messages.post(ada, "general", f"#general, not #{slug}, not #nowhere")
    assert message.html.count("<a ") == 1
    assert 'href="/rooms/general"' in message.html


async def test_a_room_is_shown_by_its_name(house: House, ada: Person) -> None:
    room = await house.chat.rooms.create(ada, name="产品 <讨论> & Co")
    message = await house.chat.messages.post(ada, "general", f"see #{room.slug}.")
    assert message.html == f'see <a href="/rooms/{room.slug}"><bdi>#产品 &lt;讨论&gt; &amp; Co</bdi></a>.'
    await house.chat.rooms.update(ada, room.slug, name="Products")
    assert "<bdi>#Products</bdi>" in (await house.chat.messages.edit(ada, "general", 1, f"look at #{room.slug}")).html


async def test_the_name_of_a_closed_room_is_told_to_nobody(house: House, ada: Person) -> None:
    room = await house.chat.rooms.create(ada, name="秘密", kind="closed")
    for slug in ("general", room.slug):
        assert "秘密" not in (await house.chat.messages.post(ada, slug, f"**see** #{room.slug}")).html


async def test_the_same_key_again_names_nobody_twice(house: House, ada: Person, grace: Person) -> None:
    for _ in range(2):
        await house.chat.messages.post(ada, "general", "@grace", "key")
    assert await unread(house.chat.rooms, grace) == (1,)
