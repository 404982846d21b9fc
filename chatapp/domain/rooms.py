"""Rooms: opening, naming and listing them. The slug never changes, the name may."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

import msgspec

from chatapp.core import validation
from chatapp.core.errors import Conflict, FieldError, Forbidden, NotFound, Unavailable, invalid
from chatapp.core.events import RoomAdded, RoomChanged
from chatapp.core.language import _
from chatapp.core.limits import Limits
from chatapp.core.models import Person, Role, Room, RoomKind
from chatapp.core.notices import Told
from chatapp.core.rooms import GENERAL, RoomView, called, holds
from chatapp.core.searchable import in_order
from chatapp.domain.access import Access
from chatapp.domain.news import News
from chatapp.storage import audit_log, memberships, mentions, people, rooms
from chatapp.storage.database import Database, Transaction

SUFFIX_BYTES: Final = 4
# No room goes away again, and everybody sees the open ones.
MOST_ROOMS: Final = 1000
MOST_BEFORE_SUFFIX: Final = validation.LONGEST_SLUG - 2 * SUFFIX_BYTES - 1


class Rooms:
    """All methods raise ``NotFound`` for a room the actor may not see, ``Forbidden`` for one they may not change."""

    def __init__(self, *, database: Database, access: Access, news: News, limits: Limits) -> None:
        self._database = database
        self._access = access
        self._news = news
        self._limits = limits

    async def sidebar(self, actor: Person) -> list[RoomView]:
        """The actor's rooms: by name, then direct ones by the other's name."""
        views = await rooms.joined(self._database, actor.id)
        named = await mentions.unread(self._database, actor.id)
        return sorted((_titled(actor, view, named.get(view.room.id, ())) for view in views), key=_order)

    async def browse(self, actor: Person, wanted: str = "") -> list[RoomView]:
        """Open rooms the actor is not in, by name; those that hold ``wanted``."""
        found = await rooms.open_to(self._database, actor.id)
        return sorted((view for view in found if holds(view, wanted)), key=_order)

    async def called(self, actor: Person, name: str) -> list[RoomView]:
        """Rooms the actor is in and open ones, by their address or else by their name, without regard to case."""
        known = [*await rooms.joined(self._database, actor.id), *await rooms.open_to(self._database, actor.id)]
        return called(known, name)

    async def show(self, actor: Person, slug: str) -> RoomView:
        """One room the actor is in, or an open one."""
        await self._access.visible_room(actor, slug)
        for view in [*await self.sidebar(actor), *await self.browse(actor)]:
            if view.room.slug == slug:
                return view
        raise NotFound

    async def create(
        self, actor: Person, *, name: str, slug: str = "", topic: str = "", kind: RoomKind = "open"
    ) -> Room:
        """A new open or closed room owned by the actor. Raises ``Invalid``, and ``Conflict`` for one too many or the
        address of a room they can see; a closed room, and one whose address is that of another, gets one that begins
        like it."""
        name = validation.room_name(name)
        topic = validation.topic(topic)
        if kind not in {"open", "closed"}:
            raise invalid("kind", _("A room is open or closed."))
        self._limits.act("room", actor.id)
        address = validation.slug(slug) if slug else validation.derive_slug(name)
        if kind == "closed":
            # Nobody finds out that there is such a room by asking for its name.
            address = _unguessable(address)
        async with self._database.transaction() as tx:
            if not actor.is_admin and await rooms.made_by(tx, actor.id) >= MOST_ROOMS:
                raise Conflict(_("You have made {n} rooms. Ask an administrator to make more.").format(n=MOST_ROOMS))
            room = await self._insert(tx, actor, slug=address, name=name, topic=topic, kind=kind)
            if room is None:
                await self._refuse_visible(tx, actor, address)
                room = await self._insert(tx, actor, slug=_unguessable(address), name=name, topic=topic, kind=kind)
            if room is None:
                raise Unavailable
            await self._put_in(tx, room, actor, "owner")
            await audit_log.note(tx, actor, "room.made", room.slug, kind=kind)
        return room

    async def update(self, actor: Person, slug: str, *, name: str | None = None, topic: str | None = None) -> None:
        """Give a room another name or topic; None leaves it. Raises ``Invalid`` or ``Forbidden``."""
        wanted: dict[str, Callable[[], str]] = {}
        if name is not None:
            wanted["name"] = partial(validation.room_name, name)
        if topic is not None:
            wanted["topic"] = partial(validation.topic, topic)
        await self._change(actor, slug, validation.together(**wanted))

    async def open_direct(self, actor: Person, username: str) -> Room:
        """The room of the two people, made when they first talk. With oneself: notes."""
        async with self._database.transaction() as tx:
            other = await people.by_username(tx, username.strip())
            if other is None or other.is_disabled or not other.is_verified:
                raise NotFound(_("There is nobody called {username}.").format(username=username))
            slug = "dm-{}-{}".format(*sorted((actor.id, other.id)))
            room = await rooms.by_slug(tx, slug)
            if room is None:
                self._limits.act("room", actor.id)
                # Their names of this very moment: an older one would be told after the news of a newer.
                actor = await people.by_id(tx, actor.id) or actor
                room = await self._insert(tx, actor, slug=slug, name="", topic="", kind="direct")
                assert room is not None  # noqa: S101 - nobody else writes inside this transaction
                for person in {actor.id: actor, other.id: other}.values():
                    await self._put_in(tx, room, person, "member", _other(person, actor, other))
        return room

    async def _refuse_visible(self, tx: Transaction, actor: Person, slug: str) -> None:
        """An address is in nobody's way but theirs who can see the room: "taken" would tell that it exists."""
        with suppress(NotFound):
            await self._access.visible_room(actor, slug, tx)
            taken = _("There is a room with the address {slug} already.").format(slug=slug)
            raise Conflict(taken, errors=(FieldError("slug", taken),))

    async def _insert(
        self, tx: Transaction, actor: Person, *, slug: str, name: str, topic: str, kind: str
    ) -> Room | None:
        at = self._database.clock()
        return await rooms.insert(tx, slug=slug, name=name, topic=topic, kind=kind, created_by=actor.id, at=at)

    async def _put_in(self, tx: Transaction, room: Room, person: Person, role: Role, title: str = "") -> None:
        await memberships.insert(tx, room.id, person.id, role, room.last_index, self._database.clock())
        news = RoomAdded(room.slug, title or room.name, room.topic, room.kind, room.last_index, room.last_index)
        await self._news.say(tx, Told((person.id,), news))

    async def _change(self, actor: Person, slug: str, values: dict[str, str]) -> None:
        self._limits.act("settings", actor.id)
        async with self._database.transaction() as tx:
            room, role, *_rest = await self._access.membership_for(actor, slug, tx)
            if room.kind == "direct" or role != "owner":
                raise Forbidden(_("Only an owner of the room or an administrator may change this."))
            if not values:
                return
            await rooms.update(tx, room.id, **values)
            await audit_log.note(tx, actor, "room.changed", slug, **values)
            members = tuple(member.person_id for member in await memberships.members(tx, room.id))
            news = RoomChanged(slug, values.get("name", room.name), values.get("topic", room.topic), room.kind)
            await self._news.say(tx, Told(members, news))


def _unguessable(slug: str) -> str:
    return f"{slug[:MOST_BEFORE_SUFFIX].rstrip('-')}-{secrets.token_hex(SUFFIX_BYTES)}"


def _other(person: Person, first: Person, second: Person) -> str:
    return (second if person.id == first.id else first).display_name


def _titled(actor: Person, view: RoomView, named: Sequence[int]) -> RoomView:
    if not view.title:
        # A direct room with oneself has no other: it bears one's own name.
        view = msgspec.structs.replace(view, title=actor.display_name, other_username=actor.username)
    return msgspec.structs.replace(view, mentions=tuple(named)) if named else view


def _order(view: RoomView) -> tuple[bool, bool, list[str | int], str]:
    return (view.room.kind == "direct", view.room.slug != GENERAL, in_order(view.title), view.room.slug)
