"""One commit of the journal: many changes of many rooms in a handful of statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from chatapp.core.audit_log import Draft
from chatapp.core.errors import ChatError, Conflict, Forbidden, KeyUsed, NotFound
from chatapp.core.language import N_
from chatapp.core.models import DAMAGED, Attach, Message, message_id
from chatapp.storage import audit_log, files, hot, mentions, reactions, revisions
from chatapp.storage.checksum import with_checksum
from chatapp.storage.database import Writer
from chatapp.storage.tables import messages

MOST_EMOJI: Final = 20
MOST_PINS: Final = 100


class Post(msgspec.Struct, frozen=True):
    """A new message; ``client_id`` is the author's idempotency key, ``mentions`` are people."""

    room_id: int
    by: int
    at: int
    content: str
    html: str = ""
    client_id: str = ""
    reply_to: int | None = None
    kind: str = ""
    attachments: tuple[Attach, ...] = ()
    mentions: tuple[int, ...] = ()


class Edit(msgspec.Struct, frozen=True):
    """New words for one's own message, and what its files show, in ``descriptions``, where that is said anew."""

    room_id: int
    by: int
    at: int
    index: int
    content: str
    html: str = ""
    mentions: tuple[int, ...] = ()
    descriptions: tuple[Attach, ...] = ()


class Delete(msgspec.Struct, frozen=True):
    """A tombstone in place of one's own message. With a ``note``, which is then kept, an owner of the room or an
    administrator may leave it in place of another's."""

    room_id: int
    by: int
    at: int
    index: int
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
        self._moderators: set[tuple[int, int]] = set()
        self._known: dict[tuple[int, str], Message] = {}
        self._read_up_to: dict[tuple[int, int], int] = {}
        self._has_read: set[tuple[int, int]] = set()
        self._targets: dict[int, Message] = {}
        self._tops: dict[int, tuple[int, int]] = {}
        self._pins: dict[int, int] = {}
        self._new: dict[int, Message] = {}
        self._rewritten: dict[int, Message] = {}
        self._notes: list[Draft] = []
        self._revisions = revisions.Kept()
        self._files = files.Attached()
        self._mentions: dict[int, tuple[int, ...]] = {}

    def witness(self) -> sa.Select[Any]:
        """What finds one of the messages that it has written, as it is then."""
        message = next(iter({**self._new, **self._rewritten}.values()))
        is_there = (messages.c.id == message.id, messages.c.version == message.version)
        return sa.select(messages.c.id).where(*is_there, messages.c.checksum == with_checksum(message)[-1])

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
        # The rooms before all else: whoever else writes to them has ended then, and the rest is read as they left it.
        for room_id, index, version in await writer.listed(hot.TOPS, list({(c.room_id,) for c in self.changes})):
            self._tops[room_id] = (index, version)
        for room_id, person_id, username, name, read_index, is_moderator in await writer.listed(hot.AUTHORS, pairs):
            self._read_up_to[room_id, person_id] = read_index
            self._authors[room_id, person_id] = (username, name)
            if is_moderator:
                self._moderators.add((room_id, person_id))
        for row in await writer.listed(hot.KNOWN, keys):
            message = hot.to_message(row)
            self._known[message.author_id, message.client_id] = message
        pinning = list({(change.room_id,) for change in self.changes if isinstance(change, Pin)})
        for room_id, count in await writer.listed(hot.PINS, pinning):
            self._pins[room_id] = count
        self._targets = {m.id: m for m in map(hot.to_message, await writer.listed(hot.TARGETS, targets))}
        sending = [each.id for c in self.changes if isinstance(c, Post) for each in c.attachments]
        await self._files.read(writer, sending, [(c.room_id, c.index) for c in self.changes if isinstance(c, Delete)])

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
        if target.author_id != change.by:
            self._moderate(change, target)
        return self._rewrite(change, target)

    def _moderate(self, change: Edit | Delete, target: Message) -> None:
        note = change.note if isinstance(change, Delete) else None
        if note is None or (change.room_id, change.by) not in self._moderators:
            raise Forbidden(N_("This is somebody else's message."))
        self._notes.append(msgspec.structs.replace(note, detail={"author": target.username}))

    def _known_as(self, post: Post) -> Message | None:
        known = self._known.get((post.by, post.client_id)) if post.client_id else None
        if known is None:
            return None
        is_untouched = known.edited_at is None and not known.is_deleted and not known.is_damaged
        is_same = known.content == post.content and self._files.are_those_of(known, post.attachments)
        if known.room_id != post.room_id or (is_untouched and not is_same):
            raise KeyUsed
        return known

    def _post(self, post: Post, username: str, display_name: str) -> Message:
        index, version = self._tops[post.room_id]
        if post.reply_to is not None and not 1 <= post.reply_to <= index:
            raise NotFound(N_("There is no such message to reply to."))
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
            attachments=self._files.attach(post.attachments, post.room_id, post.by, index + 1),
        )
        self._tops[post.room_id] = (index + 1, version + 1)
        self._new[message.id] = message
        if post.mentions:
            self._mentions[message.id] = post.mentions
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
            raise Conflict(N_("This message has all the different emoji that it can take."))
        return self._turned(target, reactions=given)

    def _pin(self, change: Pin, target: Message) -> Message:
        _refuse_damaged(target)
        if target.is_pinned == (change.at is not None):
            return target
        pins = self._pins.get(change.room_id, 0)
        if change.at is not None and pins >= MOST_PINS:
            raise Conflict(N_("This room has as many pinned messages as it can take. Unpin one first."))
        self._pins[change.room_id] = pins + (1 if change.at is not None else -1)
        return self._turned(target, pinned_at=change.at)

    def _rewrite(self, change: Edit | Delete, target: Message) -> Message:
        named = change.mentions if isinstance(change, Edit) else ()
        if named or target.mentions or target.is_damaged:
            self._mentions[target.id] = named
        if isinstance(change, Edit):
            _refuse_damaged(target)
            return self._edit(change, target)
        if target.is_pinned and change.room_id in self._pins:
            self._pins[change.room_id] -= 1
        self._files.release(target)
        empty = {"content": "", "html": "", "reactions": (), "pinned_at": None, "attachments": ()}
        return self._turned(target, is_deleted=True, kind=target.kind.removeprefix(DAMAGED), **empty)

    def _edit(self, edit: Edit, target: Message) -> Message:
        attachments = self._files.describe(target, edit.descriptions)
        # Describing a picture is no other wording.
        is_same = bool(edit.descriptions) and edit.content == target.content
        edited_at = target.edited_at if is_same else edit.at
        words = {"content": edit.content, "html": edit.html, "edited_at": edited_at}
        return self._turned(target, attachments=attachments, **words)

    def _turned(self, target: Message, **into: Any) -> Message:
        """The next version of a message that is there."""
        index, version = self._tops[target.room_id]
        message = msgspec.structs.replace(target, version=version + 1, **into)
        self._tops[target.room_id] = (index, version + 1)
        self._revisions.note(target, message)
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
        await writer.many(hot.INSERT, [with_checksum(message) for message in self._new.values()])
        await writer.many(
            hot.REWRITE, [(*with_checksum(message)[1:], message.id) for message in self._rewritten.values()]
        )
        await writer.many(hot.READ, [(self._read_up_to[who], *who) for who in self._has_read])
        await writer.many(hot.GROW, [(*self._tops[room_id], room_id) for room_id in self.stored])
        await self._files.write(writer)
        await writer.listed(mentions.FORGET, [(ident,) for ident in self._mentions if ident in self._rewritten])
        await writer.many(mentions.INSERT, [(ident, each) for ident, named in self._mentions.items() for each in named])
        await self._revisions.write(writer)
        await audit_log.append(writer, self._notes)


def _refuse_damaged(message: Message) -> None:
    if message.is_damaged:
        raise Conflict(N_("This message is damaged on the server's disk and cannot be changed, only deleted."))
