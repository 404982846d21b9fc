"""Lines that begin with a slash: what people type instead of pressing the button of the same act."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import quote_plus

import msgspec

from chatapp.core import search, text
from chatapp.core.errors import Invalid, invalid
from chatapp.core.language import N_, _
from chatapp.core.models import ACTION, Level, Message, Person
from chatapp.domain.chat import Chat

# As Markdown has it: the backslash and the lines are to be seen.
SHRUG: Final = "¯\\\\\\_(ツ)\\_/¯"

_LINE: Final = re.compile(r"/([a-z]+)(?:\s+(.*))?", re.DOTALL | re.IGNORECASE)


class Outcome(msgspec.Struct, frozen=True):
    """What a line has done: ``said`` in words, where the page does not show it; ``address`` of the page to go to, ""
    to stay."""

    said: str = ""
    address: str = ""


class Wish(msgspec.Struct, frozen=True):
    """What somebody wrote after the name of a command, and where. ``client_id``: for what it posts."""

    actor: Person
    slug: str
    words: str
    client_id: str


Act = Callable[[Chat, Wish], Awaitable[Outcome]]


class Command(msgspec.Struct, frozen=True):
    """``argument`` as help shows it, in brackets where it may be left out."""

    act: Act
    argument: str
    help: str


def is_command(content: str) -> bool:
    """A word of letters right behind a slash at the very beginning: a path such as ``/usr/bin`` is none."""
    return _LINE.fullmatch(content.rstrip()) is not None


def literal(content: str) -> str:
    """What is meant by a line that is to be said: ``//away`` says ``/away``."""
    return content[1:] if content.startswith("//") and is_command(content[1:]) else content


async def run(chat: Chat, actor: Person, slug: str, line: str, client_id: str = "") -> Outcome:
    """Do what the line says, as the actor may. Raises ``Invalid`` for a command that there is not or that lacks its
    words, ``NotFound`` for a room the actor is not in, and what the act itself raises."""
    await chat.access.membership_for(actor, slug)
    name, words = _parts(line)
    command = COMMANDS.get(name)
    if command is None:
        raise invalid(
            "content",
            _("There is no command /{name}. /help lists them; begin with // to send it as text.").format(name=name),
        )
    if not words and command.argument and not command.argument.startswith("["):
        raise _unfinished(name, command.argument)
    return await command.act(chat, Wish(actor, slug, words, client_id))


def _unfinished(name: str, argument: str) -> Invalid:
    return invalid("content", _("Write it like this: /{name} {argument}").format(name=name, argument=_(argument)))


def _parts(line: str) -> tuple[str, str]:
    found = _LINE.fullmatch(line.rstrip())
    if found is None:
        raise invalid("content", _("A command is a slash and a word: /help lists them."))
    name, words = found.groups()
    return name.lower(), (words or "").strip()


async def _me(chat: Chat, wish: Wish) -> Outcome:
    await chat.messages.post(wish.actor, wish.slug, wish.words, wish.client_id, kind=ACTION)
    return Outcome()


async def _shrug(chat: Chat, wish: Wish) -> Outcome:
    await chat.messages.post(wish.actor, wish.slug, f"{wish.words} {SHRUG}".lstrip(), wish.client_id)
    return Outcome()


async def _topic(chat: Chat, wish: Wish) -> Outcome:
    await chat.rooms.update(wish.actor, wish.slug, topic=wish.words)
    return Outcome(_("The topic is changed."))


async def _invite(chat: Chat, wish: Wish) -> Outcome:
    username = await _username(chat, wish.actor, wish.words)
    await chat.memberships.add(wish.actor, wish.slug, username)
    return Outcome(_("{username} is in the room now.").format(username=username))


async def _join(chat: Chat, wish: Wish) -> Outcome:
    name = wish.words.removeprefix("#")
    found = await chat.rooms.called(wish.actor, name)
    if len(found) > 1:
        raise invalid("content", _("Several rooms are called {name}. Write the address of one.").format(name=name))
    room = await chat.memberships.join(wish.actor, found[0].room.slug if found else name)
    return Outcome(address=_room(room.slug))


async def _leave(chat: Chat, wish: Wish) -> Outcome:
    await chat.memberships.leave(wish.actor, wish.slug)
    return Outcome(address="/rooms")


async def _msg(chat: Chat, wish: Wish) -> Outcome:
    name, *rest = wish.words.removeprefix("@").split(maxsplit=1) or [""]
    if not rest:
        raise _unfinished("msg", MSG)
    text.clean(rest[0], chat.settings.max_content)  # no room is opened for what cannot be said
    room = await chat.rooms.open_direct(wish.actor, await _username(chat, wish.actor, name))
    message: Message = await chat.messages.post(wish.actor, room.slug, rest[0], wish.client_id)
    return Outcome(address=f"{_room(room.slug)}#m{message.index}")


async def _mute(chat: Chat, wish: Wish) -> Outcome:
    await chat.memberships.set_level(wish.actor, wish.slug, "nothing")
    return Outcome(_("You hear nothing of this room until you write /unmute."))


async def _unmute(chat: Chat, wish: Wish) -> Outcome:
    return Outcome(_(UNMUTED[await chat.memberships.unmute(wish.actor, wish.slug)]))


async def _away(chat: Chat, wish: Wish) -> Outcome:
    await chat.presence.set_away(wish.actor, wish.words)
    return Outcome(_("You are shown as away until you write /back."))


async def _back(chat: Chat, wish: Wish) -> Outcome:
    await chat.presence.set_back(wish.actor)
    return Outcome(_("You are back."))


async def _search(_chat: Chat, wish: Wish) -> Outcome:
    search.parse(wish.words)  # what no page would take is refused where it was typed
    return Outcome(address=f"/search?q={quote_plus(wish.words, errors='replace')}")


async def _help(_chat: Chat, _wish: Wish) -> Outcome:
    return Outcome(address="/commands")


async def _username(chat: Chat, actor: Person, typed: str) -> str:
    """Of the one person who is called that; of nobody, as it was typed."""
    name = typed.removeprefix("@")
    found = await chat.memberships.called(actor, name)
    if len(found) > 1:
        raise invalid("content", _("Several people are called {name}. Write the @username of one.").format(name=name))
    return found[0].username if found else name


def _room(slug: str) -> str:
    return f"/rooms/{slug}"


MSG: Final = N_("@name text")

UNMUTED: Final[dict[Level, str]] = {
    "all": N_("You hear everything of this room."),
    "mentions": N_("You hear of mentions in this room."),
    "hidden": N_("The room is hidden; you hear of mentions in it."),
}

COMMANDS: Final = {
    "me": Command(_me, N_("text"), N_("Says what you do: Ada waves")),
    "topic": Command(_topic, N_("text"), N_("Changes the topic of the room")),
    "invite": Command(_invite, N_("@name"), N_("Brings somebody into the room")),
    "join": Command(_join, N_("#room"), N_("Takes you into an open room")),
    "leave": Command(_leave, "", N_("Takes you out of this room")),
    "msg": Command(_msg, MSG, N_("Writes to somebody alone")),
    "mute": Command(_mute, "", N_("You hear nothing more of this room")),
    "unmute": Command(_unmute, "", N_("You hear of this room again as before")),
    "away": Command(_away, N_("[text]"), N_("Shows you as away, with the reason")),
    "back": Command(_back, "", N_("Shows you as what you are again")),
    "search": Command(_search, N_("words"), N_("Searches your rooms")),
    "shrug": Command(_shrug, N_("[text]"), N_("Adds ¯\\_(ツ)_/¯")),
    "help": Command(_help, "", N_("Shows this list")),
}
"""By name, in the order of help."""
