"""Who is in a room: joining, leaving, adding, removing, and how far each has read."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import msgspec

from chatapp.core import validation
from chatapp.core.candidates import Candidate
from chatapp.core.errors import Conflict, Forbidden, NotFound, invalid
from chatapp.core.events import LevelChanged, Read, RoomAdded
from chatapp.core.language import _
from chatapp.core.limits import Limits
from chatapp.core.models import Level, Member, Person, Room
from chatapp.core.notices import MembershipEnded, Told
from chatapp.core.reads import ReadMark
from chatapp.core.rooms import GENERAL
from chatapp.core.searchable import in_order
from chatapp.domain import owners
from chatapp.domain.access import Access
from chatapp.domain.news import News
from chatapp.realtime.audience import Listener
from chatapp.storage import audit_log, memberships, people, pushes
from chatapp.storage.database import Database, Transaction, Writer

MOST_CANDIDATES = 10


class Memberships:
    """All methods raise ``NotFound`` for a room the actor may not see."""

    def __init__(self, *, database: Database, access: Access, news: News, limits: Limits) -> None:
        self._database = database
        self._access = access
        self._news = news
        self._limits = limits

    async def members(self, actor: Person, slug: str) -> list[Member]:
        """By display name. Why they are away is for those who are in the room with them."""
        room, *_rest = await self._access.visible_room(actor, slug)
        members = await memberships.members(self._database, room.id)
        members.sort(key=lambda each: (in_order(each.display_name), each.username))
        # Asked again: whoever was removed in between is not told who came after.
        _room, role, *_rest = await self._access.visible_room(actor, slug)
        return members if role else [msgspec.structs.replace(each, status="") for each in members]

    async def candidates(self, actor: Person, slug: str, wanted: str) -> list[Candidate]:
        """At most :data:`MOST_CANDIDATES` people whose names hold ``wanted``, members of the room first. Of a direct
        conversation only its two: nobody else can be called there."""
        self._limits.act("completion", actor.id)
        room = await self._access.room_for(actor, slug)
        text = validation.sought(wanted)
        if text is None:
            return []
        is_closed_circle = room.kind == "direct"
        return await people.called(self._database, text, room.id, only_members=is_closed_circle, limit=MOST_CANDIDATES)

    async def called(self, actor: Person, name: str) -> list[Person]:
        """Who may be brought into a room by that name: a username, or else a display name."""
        self._limits.act("completion", actor.id)
        wanted = validation.sought(name)
        found = await people.bearing(self._database, wanted) if wanted else []
        return [person for person in found if person.is_verified and not person.is_disabled]

    async def join(self, actor: Person, slug: str) -> Room:
        """Enter an open room; being in it already is fine."""
        self._limits.act("membership", actor.id)
        async with self._database.transaction() as tx:
            room, *_rest = await self._access.visible_room(actor, slug, tx)
            if await self._put_in(tx, room, actor.id):
                await audit_log.note(tx, actor, "member.joined", room.slug)
                await owners.settle(tx, room)
        return room

    async def leave(self, actor: Person, slug: str) -> None:
        """When the last owner leaves, whoever has been in the room longest becomes it.

        Raises ``Forbidden`` for general and for direct rooms, which nobody leaves.
        """
        self._limits.act("membership", actor.id)
        async with self._database.transaction() as tx:
            room, *_rest = await self._access.membership_for(actor, slug, tx)
            _refuse_fixed(room)
            await self._take_out(tx, room, actor.id)
            await audit_log.note(tx, actor, "member.left", room.slug)
            await owners.settle(tx, room)

    async def add(self, actor: Person, slug: str, username: str) -> None:
        """Any member may bring somebody into an open room; a closed one needs an owner or an administrator."""
        self._limits.act("membership", actor.id)
        async with self._database.transaction() as tx:
            room, role, *_rest = await self._access.membership_for(actor, slug, tx)
            if room.kind == "direct":
                raise Forbidden(_("A direct conversation stays between the two."))
            if room.kind == "closed" and role != "owner":
                raise Forbidden(_("Only an owner of the room or an administrator may add people here."))
            person = await _active(tx, username)
            if await self._put_in(tx, room, person.id):
                await audit_log.note(tx, actor, "member.added", person.username, room=room.slug)

    async def remove(self, actor: Person, slug: str, username: str) -> None:
        """Owners and administrators, also who is shut out and may come back; anybody may remove themselves."""
        self._limits.act("membership", actor.id)
        async with self._database.transaction() as tx:
            room, role, *_rest = await self._access.membership_for(actor, slug, tx)
            person = await (_anybody if role == "owner" else _active)(tx, username)
            if person.id != actor.id and role != "owner":
                raise Forbidden(_("Only an owner of the room or an administrator may remove people."))
            _refuse_fixed(room)
            if not await self._take_out(tx, room, person.id):
                raise NotFound(_("{username} is not in this room.").format(username=username))
            await audit_log.note(tx, actor, "member.removed", person.username, room=room.slug)
            await owners.settle(tx, room)

    async def mark_read(
        self, actor: Person, slug: str, index: int, *, turn: int | None = None, heard_by: Listener | None = None
    ) -> int:
        """Advance the read position, never back, never past the top; return how many messages remain unread.

        ``turn``: what the caller knew of it. Had the person gone back since, the position stays where they put it.
        """
        self._limits.act("read", actor.id)

        async def advance(writer: Writer) -> int:
            room, _role, mark = await self._access.membership_for(actor, slug, writer)
            to = mark.advanced(min(index, room.last_index))
            is_late = turn is not None and turn < mark.turn
            if to.index > mark.index and not is_late and await memberships.advance(writer, room.id, actor.id, to):
                mark = to
                writer.after_commit(lambda: self._news.has_read(actor.id, _read(room, to), heard_by))
            return room.last_index - mark.index

        # The most frequent of writes: as cheap as a batch of the journal, and it waits for what a batch waits for.
        return await self._database.batch(advance)

    async def mark_unread(self, actor: Person, slug: str, index: int) -> tuple[Room, ReadMark]:
        """Put the read position before the message ``index``, never forward, by the person's own wish."""
        return await self._go_back(actor, slug, lambda _: index - 1)

    async def undo_read(self, actor: Person, slug: str) -> tuple[Room, ReadMark]:
        """Put the read position back where the last advance found it. Raises ``Conflict`` where none is kept."""
        return await self._go_back(actor, slug, _last_kept)

    async def _go_back(self, actor: Person, slug: str, where: Callable[[ReadMark], int]) -> tuple[Room, ReadMark]:
        self._limits.act("read", actor.id)
        async with self._database.transaction() as tx:
            room, _role, before = await self._access.membership_for(actor, slug, tx)
            mark = before.gone_back(max(0, where(before)))
            await memberships.go_back(tx, room.id, actor.id, mark)
            # To all of them: news of an advance may be on its way, and this one says from when on it counts no more.
            await self._news.say(tx, Told((actor.id,), _read(room, mark)))
        return room, mark

    async def set_level(self, actor: Person, slug: str, level: Level) -> None:
        """How much of the room the actor wants to hear of. Raises ``Invalid`` for a level that is none."""
        if level not in get_args(Level):
            raise invalid("level", _("A level is all, mentions, nothing or hidden."))
        self._limits.act("settings", actor.id)
        async with self._database.transaction() as tx:
            room, *_rest = await self._access.membership_for(actor, slug, tx)
            await self._set_level(tx, room, actor, level)

    async def unmute(self, actor: Person, slug: str) -> Level:
        """Where the actor wants to hear nothing of the room, as much again as before that; the level it is then."""
        self._limits.act("settings", actor.id)
        async with self._database.transaction() as tx:
            room, *_rest = await self._access.membership_for(actor, slug, tx)
            level, before = await memberships.levels(tx, room.id, actor.id)
            if level == "nothing":
                level = before
                await self._set_level(tx, room, actor, level)
        return level

    async def _set_level(self, tx: Transaction, room: Room, actor: Person, level: Level) -> None:
        if await memberships.set_level(tx, room.id, actor.id, level):
            # What waits to be told was meant for them by what they wanted before.
            await pushes.forget(tx, room.id, actor.id)
            await self._news.say(tx, Told((actor.id,), LevelChanged(room.slug, level)))

    async def _put_in(self, tx: Transaction, room: Room, person_id: int) -> bool:
        is_new = await memberships.insert(tx, room.id, person_id, "member", room.last_index, self._database.clock())
        if is_new:
            news = RoomAdded(room.slug, room.name, room.topic, room.kind, room.last_index, room.last_index)
            await self._news.say(tx, Told((person_id,), news))
        return is_new

    async def _take_out(self, tx: Transaction, room: Room, person_id: int) -> bool:
        was_in = await memberships.delete(tx, room.id, person_id)
        await self._news.say(tx, MembershipEnded(room.id, person_id, room.slug))
        return was_in


async def _active(tx: Transaction, username: str) -> Person:
    person = await _anybody(tx, username)
    if person.is_disabled:
        raise _nobody(username)
    return person


async def _anybody(tx: Transaction, username: str) -> Person:
    person = await people.by_username(tx, username.strip())
    if person is None or not person.is_verified:
        raise _nobody(username)
    return person


def _nobody(username: str) -> NotFound:
    return NotFound(_("There is nobody called {username}.").format(username=username))


def _read(room: Room, mark: ReadMark) -> Read:
    return Read(room.slug, mark.index, room.last_index - mark.index, mark.turn)


def _last_kept(mark: ReadMark) -> int:
    if not mark.kept:
        raise Conflict(_("Nothing was marked as read here that could be taken back."))
    return mark.kept[-1]


def _refuse_fixed(room: Room) -> None:
    if room.slug == GENERAL:
        raise Forbidden(_("Everyone is in general, and stays there."))
    if room.kind == "direct":
        raise Forbidden(_("A direct conversation cannot be left."))
