"""What a line does that begins with a slash."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatapp.core.errors import Forbidden, Invalid, NotFound, TooLarge
from chatapp.core.models import Level
from chatapp.domain import commands
from chatapp.domain.commands import COMMANDS, Outcome, is_command, literal
from chatapp.settings import Settings
from tests.support.cast import Actor, Given


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, limits=False)


async def does(who: Actor, line: str, room: str = "general", key: str = "") -> Outcome:
    return await commands.run(who.chat, who.person, room, line, key)


async def last(who: Actor, room: str = "general") -> tuple[str, str]:
    (message,) = (await who.chat.messages.recent(who.person, room, 1)).messages
    return message.kind, message.content


@pytest.mark.parametrize("line", ["/me waves", "/ME waves", "/help", "/away ", "/me\nwaves", "/nonsense"])
def test_a_slash_and_a_word_are_a_command(line: str) -> None:
    assert is_command(line)
    assert literal("/" + line) == line


@pytest.mark.parametrize("line", ["", "/", "//", "//me waves", "/usr/bin/python", " /me", "me", "/2", "/me, too"])
def test_anything_else_is_text(line: str) -> None:
    assert not is_command(line)


@pytest.mark.parametrize("content", ["//", "// a comment", "//usr/bin", "https://a", "///me"])
def test_two_slashes_stand_for_one_before_a_command_only(content: str) -> None:
    assert literal(content) == content


async def test_me_is_said_as_what_one_does(ada: Actor) -> None:
    assert await does(ada, "/me waves **twice**") == Outcome()
    assert await last(ada) == ("action", "waves **twice**")


async def test_shrug_shows_its_hands(ada: Actor) -> None:
    await does(ada, "/shrug who knows")
    (message,) = (await ada.chat.messages.recent(ada.person, "general", 1)).messages
    assert message.html.endswith("who knows ¯\\_(ツ)_/¯</p>") or message.html == "who knows ¯\\_(ツ)_/¯"


async def test_the_same_line_with_the_same_key_posts_once(ada: Actor) -> None:
    for _ in range(3):
        await does(ada, "/me waves", key="k")
    assert (await ada.chat.messages.recent(ada.person, "general", 10)).index == 1


async def test_the_topic_is_for_owners(given: Given, ada: Actor, grace: Actor) -> None:
    room = await given.room("Ops", owner=grace, kind="open")
    lin = await given.person("lin")
    await lin.chat.memberships.join(lin.person, room.slug)
    with pytest.raises(Forbidden):
        await does(lin, "/topic Lunch", room.slug)
    await does(grace, "/topic  Lunch at  noon", room.slug)
    assert (await ada.chat.rooms.show(ada.person, room.slug)).room.topic == "Lunch at noon"


async def test_inviting_joining_and_leaving(given: Given, ada: Actor, grace: Actor) -> None:
    room = await given.room("Ops", owner=ada, kind="open")
    assert await does(grace, f"/join #{room.slug}") == Outcome(address=f"/rooms/{room.slug}")
    assert await does(grace, "/leave", room.slug) == Outcome(address="/rooms")
    assert "grace" in (await does(ada, "/invite @Grace", room.slug)).said.lower()
    assert (await grace.chat.rooms.show(grace.person, room.slug)).is_member


async def test_a_closed_room_of_others_is_not_there(given: Given, ada: Actor, grace: Actor) -> None:
    room = await given.room("Secret", owner=ada, kind="closed")
    for line, where in ((f"/join {room.slug}", "general"), ("/me waves", room.slug), ("/none", room.slug)):
        with pytest.raises(NotFound):
            await does(grace, line, where)


@pytest.mark.parametrize("typed", ["#产品讨论", "产品讨论", "#Größe des Büros", "grÖSSE DES büros"])
async def test_a_room_is_joined_by_its_name(given: Given, ada: Actor, grace: Actor, typed: str) -> None:
    rooms = [await given.room(name, owner=ada, kind="open") for name in ("产品讨论", "Größe des Büros")]
    wanted = rooms[0] if "产品" in typed else rooms[1]
    assert await does(grace, f"/join {typed}") == Outcome(address=f"/rooms/{wanted.slug}")
    assert (await grace.chat.rooms.show(grace.person, wanted.slug)).is_member


async def test_a_name_that_several_open_rooms_bear_is_refused(given: Given, ada: Actor, grace: Actor) -> None:
    create = ada.chat.rooms.create
    named = await create(ada.person, name="讨论", slug="one")
    await given.room("讨论", owner=ada, kind="closed")
    assert (await does(grace, "/join 讨论")).address == "/rooms/one"
    await create(ada.person, name="讨论", slug="two")
    await create(ada.person, name="one", slug="three")
    with pytest.raises(Invalid) as refused:
        await does(grace, "/join 讨论")
    assert [each.field for each in refused.value.errors] == ["content"]
    assert (await does(grace, "/join one")).address == f"/rooms/{named.slug}"


async def test_a_closed_room_is_not_found_by_its_name(given: Given, ada: Actor, grace: Actor) -> None:
    await given.room("秘密", owner=ada, kind="closed")
    with pytest.raises(NotFound):
        await does(grace, "/join 秘密")


async def test_msg_writes_to_somebody_alone(ada: Actor, grace: Actor) -> None:
    outcome = await does(ada, "/msg @grace are you there?\nI am")
    slug = outcome.address.removeprefix("/rooms/").partition("#")[0]
    assert await last(grace, slug) == ("", "are you there?\nI am")
    assert (await ada.chat.messages.recent(ada.person, "general", 10)).index == 0


async def test_people_are_called_by_their_display_name(given: Given, ada: Actor, grace: Actor) -> None:
    await given.person("wang", display_name="王小美")
    hopper = await given.person("gh", display_name="Zoë van Dam")
    room = await given.room("Ops", owner=ada, kind="open")
    outcome = await does(ada, "/msg @王小美 你好")
    assert (await last(ada, outcome.address.removeprefix("/rooms/").partition("#")[0])) == ("", "你好")
    assert (await does(ada, "/invite @zoë VAN dam", room.slug)).said == "gh is in the room now."
    assert (await hopper.chat.rooms.show(hopper.person, room.slug)).is_member


async def test_a_display_name_that_several_bear_is_refused(given: Given, ada: Actor) -> None:
    await given.person("wang", display_name="王小美")
    await given.person("other", display_name="王小美")
    await given.person("third", display_name="Wang")
    for line in ("/msg 王小美 你好", "/invite @王小美"):
        with pytest.raises(Invalid) as refused:
            await does(ada, line)
        assert [each.field for each in refused.value.errors] == ["content"]
    await ada.chat.accounts.set_disabled(ada.person, "other", True)
    assert (await does(ada, "/msg 王小美 你好")).address.startswith("/rooms/dm-")
    assert (await does(ada, "/invite Wang", "general")).said == "wang is in the room now."


async def test_msg_takes_what_stands_on_the_next_line(ada: Actor, grace: Actor) -> None:
    outcome = await does(ada, "/msg @grace\nare you there?")
    slug = outcome.address.removeprefix("/rooms/").partition("#")[0]
    assert await last(grace, slug) == ("", "are you there?")


@pytest.mark.parametrize("before", ["all", "mentions", "hidden"])
async def test_muting_sets_the_level_and_unmuting_the_one_before(ada: Actor, before: Level) -> None:
    await ada.chat.memberships.set_level(ada.person, "general", before)
    for line, level in (("/mute", "nothing"), ("/mute", "nothing"), ("/unmute", before), ("/unmute", before)):
        await does(ada, line)
        assert (await ada.chat.rooms.show(ada.person, "general")).level == level


async def test_unmuting_says_how_much_one_hears(ada: Actor) -> None:
    await ada.chat.memberships.set_level(ada.person, "general", "mentions")
    await ada.chat.memberships.set_level(ada.person, "general", "nothing")
    assert (await does(ada, "/unmute")).said == "You hear of mentions in this room."
    await ada.chat.memberships.set_level(ada.person, "general", "all")
    assert (await does(ada, "/unmute")).said == "You hear everything of this room."


async def test_away_holds_wherever_one_is_here_until_one_is_back(ada: Actor, grace: Actor) -> None:
    ear = await ada.connects()
    await ear.asks("presence")
    phone = await grace.connects()
    await does(grace, "/away  at   lunch")
    while (frame := await ear.hears("presence"))["away"] != ["grace"]:
        assert frame["online"] != ["nobody"]
    await phone.asks("presence", active=True)
    (member,) = [each for each in await ada.chat.memberships.members(ada.person, "general") if each.username == "grace"]
    assert member.status == "at lunch"
    await does(grace, "/back")
    while "grace" not in (await ear.hears("presence"))["online"]:
        pass
    assert {each.status for each in await ada.chat.memberships.members(ada.person, "general")} == {""}


async def test_an_action_reads_so_on_a_terminal(ada: Actor) -> None:
    terminal = await ada.opens("/rooms/general/ws?format=text")
    await does(ada, "/me waves")
    assert await terminal.receive_str(timeout=20) == "* ada waves"


async def test_a_slash_is_nothing_special_to_scripts(ada: Actor) -> None:
    ear = await ada.listens_to()
    for content in ("/topic Lunch", "//me", "/nonsense"):
        assert (await ear.asks("sendMessage", room="general", content=content))["message"]["content"] == content


async def test_over_the_socket_it_answers_with_words_and_the_way(ada: Actor) -> None:
    ear = await ada.listens_to()
    shown = await ear.asks("runCommand", room="general", line="/help")
    assert (shown["said"], shown["address"]) == ("", "/commands")
    refused = (await ear.asks("runCommand", room="general", line="/nonsense"))["error"]
    assert (refused["code"], refused["errors"][0]["field"]) == ("invalid", "line")
    assert "/nonsense" in refused["message"] or "/nonsense" in refused["errors"][0]["detail"]
    await ear.asks("runCommand", room="general", line="/me waves")
    (heard,) = await ear.hears_messages(1)
    assert (heard["kind"], heard["content"]) == ("action", "waves")


@pytest.mark.parametrize("line", ["hello", "/nonsense", "/topic", "/topic " + "x" * 251])
async def test_over_the_socket_the_line_is_what_was_wrong(ada: Actor, line: str) -> None:
    await ada.chat.rooms.create(ada.person, name="Ops")
    refused = (await (await ada.connects()).asks("runCommand", room="ops", line=line))["error"]
    assert (refused["code"], [error["field"] for error in refused["errors"]]) == ("invalid", ["line"])


async def test_searching_and_help_are_pages(ada: Actor) -> None:
    assert (await does(ada, "/search in:ops 100 % & more")).address == "/search?q=in%3Aops+100+%25+%26+more"
    assert (await does(ada, "/help")).address == "/commands"
    assert (await does(ada, "/search \ud800")).address == "/search?q=%3F"


@pytest.mark.parametrize(
    "line", ["/nonsense", "/me", "/topic ", "/msg", "/msg @", "/msg grace", "/msg @grace  ", "/join", "/search"]
)
async def test_what_is_not_whole_is_refused_and_does_nothing(ada: Actor, grace: Actor, line: str) -> None:
    with pytest.raises(Invalid) as refused:
        await does(ada, line)
    assert [each.field for each in refused.value.errors] == ["content"]
    assert [view.room.slug for view in await ada.chat.rooms.sidebar(ada.person)] == ["general"]
    assert (await ada.chat.messages.recent(ada.person, "general", 10)).index == 0


@pytest.mark.parametrize("line", ["/invite @nobody", "/msg nobody hello", "/join nowhere", "/msg \ud800 hello"])
async def test_who_or_what_is_not_there_is_not_found(ada: Actor, line: str) -> None:
    with pytest.raises((NotFound, Invalid)):
        await does(ada, line)


async def test_what_is_too_long_is_refused(ada: Actor) -> None:
    for line in ("/away " + "x" * 101, "/topic " + "x" * 251, "/search " + "x" * 401):
        with pytest.raises((Invalid, Forbidden)):
            await does(ada, line)


def test_every_command_has_its_line_of_help() -> None:
    assert all(command.help for command in COMMANDS.values())
    assert list(COMMANDS)[-1] == "help"


async def test_what_cannot_be_said_opens_no_conversation(ada: Actor, grace: Actor) -> None:
    with pytest.raises(TooLarge):
        await does(ada, "/msg @grace " + "x" * 8001)
    assert [view.room.slug for view in await ada.chat.rooms.sidebar(ada.person)] == ["general"]
