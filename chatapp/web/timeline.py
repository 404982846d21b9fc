"""A room's page: which part of the log it holds, and how its rows hang together for one reader."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from itertools import takewhile
from typing import Any, Final

import msgspec
from aiohttp import web

from chatapp.core.errors import NotFound
from chatapp.core.files import MOST_FILES, size
from chatapp.core.models import History, Message, Person
from chatapp.core.rooms import RoomView, is_named
from chatapp.core.text import MOST_UNASKED
from chatapp.domain.access import may_manage
from chatapp.domain.chat import Chat
from chatapp.keys import CHAT
from chatapp.web import query
from chatapp.web.forms import Form, blank
from chatapp.web.identity import actor
from chatapp.web.moments import Moments
from chatapp.web.templating import render_shell

PAGE: Final = 50
# With more unread than this the newest page would not hold the first of them and something before it.
MOST_UNREAD: Final = 40
GROUP_MS: Final = 5 * 60 * 1000
NOTHING: Final[Mapping[int, Message]] = {}


class Row(msgspec.Struct, frozen=True):
    """A message where it stands. ``day`` is set when a new day begins with it, ``is_new`` under the New line,
    ``original`` where it is a reply, ``is_named`` where it mentions the reader. ``missing`` is how many messages before
    it the log does not have, 0 in a sound database."""

    message: Message
    is_first: bool
    is_mine: bool
    is_named: bool
    is_new: bool
    day: str | None
    day_iso: str
    original: Message | None = None
    missing: int = 0


def rows(
    history: History, view: RoomView, me: Person, moments: Moments, originals: Mapping[int, Message] = NOTHING
) -> list[Row]:
    """The messages of a window, grouped for this reader, over each reply what it replies to."""
    new_at = _first_unread(history, view, me)
    drawn: list[Row] = []
    before: Message | None = None
    for message in history.messages:
        day = moments.date(message.created_at)
        is_new_day = before is None or moments.date(before.created_at) != day
        is_new = message.index == new_at
        drawn.append(
            Row(
                message=message,
                is_first=is_new_day or is_new or not _continues(before, message),
                is_mine=message.author_id == me.id,
                is_named=is_named(message, me),
                is_new=is_new,
                day=moments.day(message.created_at) if is_new_day else None,
                day_iso=day.isoformat(),
                original=originals.get(message.reply_to or 0),
                missing=0 if before is None else message.index - before.index - 1,
            )
        )
        before = message
    return drawn


def lone(message: Message, me: Person) -> Row:
    """A message by itself."""
    is_mine, is_mention = message.author_id == me.id, is_named(message, me)
    return Row(message, is_first=True, is_mine=is_mine, is_named=is_mention, is_new=False, day=None, day_iso="")


async def window(request: web.Request, view: RoomView) -> History:
    """The part of the log that the address asks for; without a wish, the first unread message in its context."""
    messages, me, slug = request.config_dict[CHAT].messages, actor(request), view.room.slug
    if not view.is_member:
        return History((), view.room.last_index, view.room.last_version)
    query.only_one(request, "before", "after")
    before, after = query.number(request, "before"), query.number(request, "after")
    if before is not None:
        history = await messages.before(me, slug, before, PAGE)
    elif after is not None:
        history = await messages.after(me, slug, after, PAGE)
    elif view.unread > MOST_UNREAD:
        history = await messages.around(me, slug, view.read_index + 1, PAGE)
    else:
        return await messages.recent(me, slug, PAGE)
    return history if history.messages else await messages.recent(me, slug, PAGE)


async def room_page(
    request: web.Request, view: RoomView, history: History, *, at: int | None = None, form: Form[Any] | None = None
) -> web.Response:
    """The room as a page; ``at`` is highlighted, ``form`` is a message that was refused."""
    chat, me, slug = request.config_dict[CHAT], actor(request), view.room.slug
    reach = _reach(history)
    members = await chat.memberships.members(me, slug)
    names = {each.username: each.display_name for each in members}
    form = form or blank(content="", client_id="", reply_to=request.query.get("reply_to", ""))
    context: dict[str, Any] = {"flashes": [{"kind": "bad", "text": _said(form)}]} if form.status >= 400 else {}
    return await render_shell(
        request,
        "rooms/show.html",
        slug=slug,
        view=view,
        rows=rows(history, view, me, Moments(me.time_zone), await chat.messages.originals(me, slug, history.messages)),
        replying=await _replying(request, form),
        older_url=f"/rooms/{slug}?before={reach.first}" if reach.first > 1 else None,
        newer_url=f"/rooms/{slug}?after={reach.shown}" if 0 < reach.shown < reach.newest else None,
        at=at,
        may_moderate=_may_moderate(view, me),
        members=members,
        display_names=names | {each.username: each.display_name for each in history.messages},
        most_unasked=MOST_UNASKED,
        reach=reach,
        is_beginning=view.is_member and reach.first <= 1,
        form=form,
        client_id=form.values["client_id"] or secrets.token_urlsafe(16),
        files_limit=size(chat.settings.max_file) if chat.settings.max_file else "",
        page={**_for_scripts(view, me, history, chat), "oldest": reach.first},
        **context,
    )


def _may_moderate(view: RoomView, me: Person) -> bool:
    return view.room.kind != "direct" and may_manage(me, view.role)


def _for_scripts(view: RoomView, me: Person, history: History, chat: Chat) -> dict[str, Any]:
    room = {"slug": view.room.slug, "title": view.title, "kind": view.room.kind}
    return {
        "room": {**room, "may_moderate": _may_moderate(view, me)},
        "index": history.index,
        "version": history.version,
        "epoch": chat.messages.epoch,
        "read_index": view.read_index,
        "read_turn": view.mark.turn,
        "limits": {"content": chat.settings.max_content, "file": chat.settings.max_file, "files": MOST_FILES},
    }


async def _replying(request: web.Request, form: Form[Any]) -> Message | None:
    """The message that is being replied to; None where there is none, or none any more."""
    index = form.values["reply_to"]
    if not (index.isascii() and index.isdigit() and len(index) <= query.MOST_DIGITS):
        return None
    with suppress(NotFound):
        slug = request.match_info["slug"]
        return await request.config_dict[CHAT].messages.standing(actor(request), slug, int(index))
    return None


class Reach(msgspec.Struct, frozen=True):
    """What a page has of the log: the first and the last number it shows, the last before which none is missing, and
    the newest there is. 0 without a message."""

    first: int
    shown: int
    last: int
    newest: int


def _reach(history: History) -> Reach:
    if not history.messages:
        return Reach(0, 0, 0, history.index)
    first = history.messages[0].index
    whole = takewhile(lambda each: each[0] == each[1].index, enumerate(history.messages, first))
    return Reach(first, history.messages[-1].index, [index for index, _ in whole][-1], history.index)


def _first_unread(history: History, view: RoomView, me: Person) -> int | None:
    """Where the New line stands: only on the page that joins up with what was read."""
    if not view.is_member or not history.messages or history.messages[0].index > view.read_index + 1:
        return None
    unread = (m.index for m in history.messages if m.index > view.read_index and m.author_id != me.id)
    return next(unread, None)


def _continues(before: Message | None, message: Message) -> bool:
    return (
        before is not None
        and before.index == message.index - 1
        and before.author_id == message.author_id
        and message.created_at - before.created_at < GROUP_MS
        and message.reply_to is None
        and not (before.is_action or message.is_action)
    )


def _said(form: Form[Any]) -> str:
    return next(iter(form.errors.values()), form.error)
