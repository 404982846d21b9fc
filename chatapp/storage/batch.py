"""One commit of the journal: many changes of many rooms in a handful of statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from chatapp.core.audit_log import Draft
from chatapp.core.errors import ChatError, Conflict, Forbidden, NotFound
from chatapp.core.models import DAMAGED, Message, message_id
from chatapp.storage import audit_log, hot, reactions
from chatapp.storage.checksum import signed
from chatapp.storage.database import Writer

MOST_EMOJI: Final = 20
MOST_PINS: Final = 100


class Post(msgspec.Struct, frozen=True):
    """A new message; ``client_id`` is the author's idempotency key."""

    room_id: int
    by: int
    at: int
    content: str
    html: str = ""
    client_id: str = ""
    reply_to: int | None = None
    kind: str = ""


class Edit(msgspec.Struct, frozen=True):
    """New words for one's own message."""

    room_id: int
    by: int
    at: int
    index: int
    content: str
    html: str = ""


class Delete(msgspec.Struct, frozen=True):
    """A tombstone in place of one's own message, or of anybody's where ``may_moderate``; that is then noted."""

    room_id: int
    by: int
    at: int
    index: int
    may_moderate: bool = False
    note: Draft | None = None


class React(msgspec.Struct, frozen=True):
    """Give an emoji to a message, or take it back; where it is so already, nothing changes."""

    room_id: int
    by: int
    index: int
    emoji: str
    is_given: bool


class Pin(msgspec.Struct, frozen=True):
    """Pin a message to the room at a moment, or take it down (None); where it is so already, nothing changes."""

    room_id: int
    by: int
    index: int
    at: int | None


Change = Post | Edit | Delete | React | Pin
Result = Message | ChatError


class Batch:
    """Decides every change against what the transaction sees, then writes all at once.

    A refused change gets its error in ``results`` and costs its neighbours nothing.
    """

    def __init__(self, changes: Sequence[Change]) -> None:
        self.changes = changes
        self.results: list[Result] = []
        self.stored: dict[int, list[Message]] = {}
        self._authors: dict[tuple[int, int], tuple[str, str]] = {}
        self._known: dict[tuple[int, str], Message] = {}
        self._read_up_to: dict[tuple[int, int], int] = {}
        self._has_read: set[tuple[int, int]] = set()
        self._targets: dict[int, Message] = {}
        self._tops: dict[int, tuple[int, int]] = {}
        self._pins: dict[int, int] = {}
        self._new: dict[int, Message] = {}
        self._rewritten: dict[int, Message] = {}
        self._notes: list[Draft] = []

    async def store(self, writer: Writer) -> None:
        """Read what is needed, decide, write. Runs inside the caller's transaction."""
        await self._read(writer)
        for change in self.changes:
            try:
                self.results.append(self._decide(change))
            except ChatError as error:
                self.results.append(error)
        await self._write(writer)

    async def _read(self, writer: Writer) -> None:
        pairs = list({(change.room_id, change.by) for change in self.changes})
        keys = [(c.by, c.client_id) for c in self.changes if isinstance(c, Post) and c.client_id]
        targets = [(message_id(c.room_id, c.index),) for c in self.changes if not isinstance(c, Post)]
        rooms = list({(change.room_id,) for change in self.changes})
        # The rooms before all else: whoever else writes to them has ended then, and the rest is read as they left it.
        for room_id, index, version in await writer.listed(hot.TOPS, rooms):
            self._tops[room_id] = (index, version)
        for room_id, person_id, username, name, read_index in await writer.listed(hot.AUTHORS, pairs):
            self._read_up_to[room_id, person_id] = read_index
            self._authors[room_id, person_id] = (username, name)
        for row in await writer.listed(hot.KNOWN, keys):
            message = hot.to_message(row)
            self._known[message.author_id, message.client_id] = message
        pinning = list({(change.room_id,) for change in self.changes if isinstance(change, Pin)})
        for room_id, count in await writer.listed(hot.PINS, pinning):
            self._pins[room_id] = count
        self._targets = {m.id: m for m in map(hot.to_message, await writer.listed(hot.TARGETS, targets))}

    def _decide(self, change: Change) -> Message:
        author = self._authors.get((change.room_id, change.by))
        if author is None:
            raise NotFound
        if isinstance(change, Post):
            return self._known_as(change) or self._post(change, *author)
        target = self._targets.get(message_id(change.room_id, change.index))
        if target is None or target.is_deleted:
            raise NotFound
        if isinstance(change, React):
            return self._react(change, target, author[0])
        if isinstance(change, Pin):
            return self._pin(change, target)
        if target.author_id != change.by and not (isinstance(change, Delete) and change.may_moderate):
            raise Forbidden("This is somebody else's message.")
        if isinstance(change, Delete) and change.note and target.author_id != change.by:
            self._notes.append(msgspec.structs.replace(change.note, detail={"author": target.username}))
        return self._rewrite(change, target)

    def _known_as(self, post: Post) -> Message | None:
        known = self._known.get((post.by, post.client_id)) if post.client_id else None
        if known is None:
            return None
        is_untouched = known.edited_at is None and not known.is_deleted and not known.is_damaged
        if known.room_id != post.room_id or (is_untouched and known.content != post.content):
            raise Conflict("This client_id was used for another message.")
        return known

    def _post(self, post: Post, username: str, display_name: str) -> Message:
        index, version = self._tops[post.room_id]
        if post.reply_to is not None and post.reply_to > index:
            raise NotFound("There is no such message to reply to.")
        message = Message(
            message_id(post.room_id, index + 1),
            post.room_id,
            index + 1,
            version + 1,
            post.by,
            username,
            display_name,
            post.content,
            post.html,
            post.at,
            reply_to=post.reply_to,
            client_id=post.client_id,
            kind=post.kind,
        )
        self._tops[post.room_id] = (index + 1, version + 1)
        self._new[message.id] = message
        self._advance(message)
        return self._note(message)

    def _advance(self, message: Message) -> None:
        """Who had read everything before has read the own words too: nobody is news to oneself."""
        reader = (message.room_id, message.author_id)
        if self._read_up_to[reader] == message.index - 1:
            self._read_up_to[reader] = message.index
            self._has_read.add(reader)

    def _react(self, change: React, target: Message, username: str) -> Message:
        _refuse_damaged(target)
        turned = reactions.added if change.is_given else reactions.removed
        given = turned(target.reactions, change.emoji, username)
        if given is target.reactions:
            return target
        if len(given) > MOST_EMOJI:
            raise Conflict(f"A message takes {MOST_EMOJI} different emoji, and this one has them.")
        return self._turned(target, reactions=given)

    def _pin(self, change: Pin, target: Message) -> Message:
        _refuse_damaged(target)
        if target.is_pinned == (change.at is not None):
            return target
        pins = self._pins.get(change.room_id, 0)
        if change.at is not None and pins >= MOST_PINS:
            raise Conflict(f"A room has {MOST_PINS} pinned messages at most. Unpin one first.")
        self._pins[change.room_id] = pins + (1 if change.at is not None else -1)
        return self._turned(target, pinned_at=change.at)

    def _rewrite(self, change: Edit | Delete, target: Message) -> Message:
        if isinstance(change, Edit):
            _refuse_damaged(target)
            return self._turned(target, content=change.content, html=change.html, edited_at=change.at)
        if target.is_pinned and change.room_id in self._pins:
            self._pins[change.room_id] -= 1
        kind = target.kind.removeprefix(DAMAGED)
        return self._turned(target, content="", html="", is_deleted=True, kind=kind, reactions=(), pinned_at=None)

    def _turned(self, target: Message, **into: Any) -> Message:
        """The next version of a message that is there."""
        index, version = self._tops[target.room_id]
        message = msgspec.structs.replace(target, version=version + 1, **into)
        self._tops[target.room_id] = (index, version + 1)
        self._rewritten[message.id] = message
        return self._note(message)

    def _note(self, message: Message) -> Message:
        # A later change of the same batch must see this one.
        self._targets[message.id] = message
        if message.client_id:
            self._known[message.author_id, message.client_id] = message
        self.stored.setdefault(message.room_id, []).append(message)
        return message

    async def _write(self, writer: Writer) -> None:
        await writer.many(hot.INSERT, [signed(message) for message in self._new.values()])
        await writer.many(hot.REWRITE, [(*signed(message)[1:], message.id) for message in self._rewritten.values()])
        await writer.many(hot.READ, [(self._read_up_to[who], *who) for who in self._has_read])
        await writer.many(hot.GROW, [(*self._tops[room_id], room_id) for room_id in self.stored])
        await audit_log.append(writer, self._notes)


def _refuse_damaged(message: Message) -> None:
    if message.is_damaged:
        raise Conflict("This message is damaged on the server's disk and cannot be changed, only deleted.")
