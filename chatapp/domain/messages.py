"""Saying something in a room, and reading what was said."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

import msgspec

from chatapp.core import audit_log, text
from chatapp.core.errors import BadRequest, FieldError, Forbidden, NotFound, Unavailable, invalid
from chatapp.core.files import MOST_FILES, alternative
from chatapp.core.language import N_, _
from chatapp.core.limits import Limits
from chatapp.core.models import Attach, History, Message, Person, Revision, Role, Room, mentioned
from chatapp.domain.access import Access
from chatapp.realtime.hub import Hub
from chatapp.realtime.typing import TypingBoard
from chatapp.settings import Settings
from chatapp.storage import mentions, people, revisions
from chatapp.storage.batch import Delete, Edit, Post
from chatapp.storage.database import Database
from chatapp.storage.journal import Journal
from chatapp.storage.messages import Log

PAGE: Final = 50
MOST: Final = 200
MOST_CHANGES: Final = 1000
CLIENT_ID: Final = 64
RESTART_SECONDS: Final = 5
SOMEBODY_ELSES: Final = N_("This is somebody else's message.")
# An answer is one frame, and client libraries refuse frames over 1 MiB: UTF-8 takes up to 4 bytes a character.
CHARACTERS: Final = 200_000
# Of so many rooms the log keeps the newest, and more would be kept for this alone.
MOST_FITTING: Final = 128

T = TypeVar("T")


class Messages:
    """All methods raise ``NotFound`` for a room the actor is not in."""

    def __init__(
        self,
        *,
        database: Database,
        access: Access,
        log: Log,
        journal: Journal,
        hub: Hub,
        typing: TypingBoard,
        limits: Limits,
        settings: Settings,
        epoch: str,
    ) -> None:
        self._database = database
        self._access = access
        self._log = log
        self._journal = journal
        self._hub = hub
        self._typing = typing
        self._limits = limits
        self._most_content = settings.max_content
        self.epoch = epoch
        # Of each room the newest messages that were found to fit into one answer.
        self._fitting: dict[int, History] = {}

    async def post(
        self,
        actor: Person,
        slug: str,
        content: str,
        client_id: str = "",
        reply_to: int | None = None,
        attachments: Sequence[Attach] = (),
        kind: str = "",
    ) -> Message:
        """The stored message; with a ``client_id`` used before, the message stored then. ``attachments`` are files that
        the actor has uploaded into the room; with any, the text may be blank. ``kind``: :data:`ACTION` or none.

        Raises ``Invalid``, ``TooLarge``, ``RateLimited``, ``Conflict`` (same key, other content), ``Unavailable``.
        """
        attached = _attached(attachments)
        content = "" if attached and not content.strip() else text.clean(content, self._most_content)
        client_id = _client_id(client_id)
        room_id = await self._access.id_for(actor, slug)
        self._limits.message(actor.id, room_id)
        html, named = await self._draw(actor, room_id, content)
        at = self._database.clock()
        return await self._journal.append(
            Post(room_id, actor.id, at, content, html, client_id, reply_to, kind, attached, named)
        )

    async def edit(
        self, actor: Person, slug: str, index: int, content: str, descriptions: Sequence[Attach] = ()
    ) -> Message:
        """As with :meth:`post` the text may be blank where there are files. ``descriptions`` say what some show.

        Raises ``Forbidden`` for another's message and ``NotFound`` for a deleted one, or a file that it does not have.
        """
        described = _attached(descriptions, "descriptions")
        has_files = not content.strip() and bool((await self.editable(actor, slug, index)).attachments)
        content = "" if has_files else text.clean(content, self._most_content)
        room_id = await self._access.id_for(actor, slug)
        self._limits.message(actor.id, room_id)
        html, named = await self._draw(actor, room_id, content)
        at = self._database.clock()
        return await self._journal.append(Edit(room_id, actor.id, at, index, content, html, named, described))

    async def delete(self, actor: Person, slug: str, index: int) -> Message:
        """Leave a tombstone: one's own message, or any for an owner of the room or an administrator."""
        self._limits.act("delete", actor.id)
        room = await self._access.room_for(actor, slug)
        at = self._database.clock()
        is_direct = room.kind == "direct"
        note = None if is_direct else audit_log.draft(at, actor, "message.deleted", f"{room.slug}/{index}")
        # Who may is asked again by the transaction that does it.
        return await self._journal.append(Delete(room.id, actor.id, at, index, note))

    async def editable(self, actor: Person, slug: str, index: int) -> Message:
        """The message that the actor wants to edit. Raises as :meth:`edit` would."""
        message = await self.standing(actor, slug, index)
        if message.author_id != actor.id:
            raise Forbidden(SOMEBODY_ELSES)
        return message

    async def deletable(self, actor: Person, slug: str, index: int) -> Message:
        """The message that the actor wants to delete. Raises as :meth:`delete` would."""
        message = await self.standing(actor, slug, index)
        room, role, _ = await self._access.membership_for(actor, slug)
        if message.author_id != actor.id and not _may_moderate(room, role):
            raise Forbidden(SOMEBODY_ELSES)
        return message

    async def recent(self, actor: Person, slug: str, limit: int = PAGE) -> History:
        """The newest ``limit`` messages (0 to 200), oldest first."""
        return await self._read(actor, slug, lambda room: self.newest(room, limit))

    async def before(self, actor: Person, slug: str, index: int, limit: int = PAGE) -> History:
        return _fit(await self._read(actor, slug, lambda room: self._log.before(room.id, index, _within(limit))))

    async def after(self, actor: Person, slug: str, index: int, limit: int = PAGE) -> History:
        return await self._read(actor, slug, lambda room: self._log.after(room.id, index, _within(limit)))

    async def around(self, actor: Person, slug: str, index: int, limit: int = PAGE) -> History:
        """A window with the message of that ``index`` in its middle."""
        return await self.after(actor, slug, max(0, index - 1 - limit // 2), limit)

    async def by_index(self, actor: Person, slug: str, index: int) -> Message:
        message = await self._read(actor, slug, lambda room: self._log.one(room.id, index))
        if message is None:
            raise NotFound
        return message

    async def standing(self, actor: Person, slug: str, index: int) -> Message:
        """As :meth:`by_index`, raising ``NotFound`` also for one that was deleted."""
        message = await self.by_index(actor, slug, index)
        if message.is_deleted:
            raise NotFound
        return message

    async def revisions(self, actor: Person, slug: str, index: int) -> Sequence[Revision]:
        """What a message said before, newest first, at most :data:`MOST`: for its author and for administrators.

        Raises ``NotFound`` for everybody else.
        """
        message = await self.standing(actor, slug, index)
        if message.author_id != actor.id and not actor.is_admin:
            raise NotFound
        return await self._read(actor, slug, lambda room: revisions.newest(self._database, room.id, index, MOST))

    async def originals(self, actor: Person, slug: str, replies: Sequence[Message]) -> dict[int, Message]:
        """What these reply to, by index, as it is now."""
        indexes = {message.reply_to for message in replies if message.reply_to is not None}
        if not indexes:
            return {}
        found = await self._read(actor, slug, lambda room: self._log.some(room.id, indexes))
        return {message.index: message for message in found}

    async def changes(self, actor: Person, slug: str, version: int, epoch: str = "") -> History:
        """Every message changed after ``version``, as it is now, by version.

        When too much changed, or ``version`` belongs to another history, the newest page with ``is_complete`` false.
        """
        return await self._read(actor, slug, lambda room: self.missed(room, version, epoch))

    async def missed(self, room: Room, version: int, epoch: str = "") -> History:
        """As :meth:`changes`, for a room the caller has been let into."""
        history = await self._log.changes(room.id, version, MOST_CHANGES, room.last_version)
        is_ours = epoch in ("", self.epoch) and version <= history.version
        if is_ours and history.is_complete and _characters(history.messages) <= CHARACTERS:
            return history
        newest = await self._log.recent(room.id, PAGE, room.last_version)
        return msgspec.structs.replace(_fit(newest), is_complete=False)

    async def newest(self, room: Room, limit: int) -> History:
        """As :meth:`recent`, for a room the caller has been let into."""
        history = await self._log.recent(room.id, _within(limit), room.last_version)
        # The log gives one object out until something changes: of thousands who come back, the first has it measured.
        if self._fitting.get(room.id) is history:
            return history
        fitting = _fit(history)
        if fitting is history:
            if len(self._fitting) >= MOST_FITTING:
                self._fitting.clear()
            self._fitting[room.id] = history
        return fitting

    async def next_changes(self, room: Room, version: int) -> History:
        """The first page of what changed after ``version``; ``is_complete`` when it reaches the top."""
        return await self._log.changes(room.id, version, PAGE, room.last_version)

    async def next_posts(self, room: Room, index: int) -> History:
        """The first page of what was posted above ``index``."""
        return await self._log.after(room.id, index, PAGE)

    async def wait_for_change(self, actor: Person, slug: str, version: int, seconds: float) -> None:
        """Return at once when the room is past ``version``, else at its next change or after ``seconds``, or when the
        server stops; asked while it does, raises ``Unavailable``."""
        room = await self._access.room_for(actor, slug)
        if self._hub.is_draining:
            # An empty answer would be asked for again at once.
            raise Unavailable(retry_after=RESTART_SECONDS)
        with self._hub.watching(room.id, slug) as changed:
            # Asked again: a change between the first look and the watch would go unheard.
            room = await self._access.room_for(actor, slug)
            if room.last_version <= version:
                await asyncio.wait([changed], timeout=seconds)

    async def note_typing(self, actor: Person, slug: str, *, is_active: bool) -> None:
        self._limits.act("typing", actor.id)
        room = await self._access.room_for(actor, slug)
        # A socket knows its person by the name of when it was opened.
        known = await people.by_id(self._database, actor.id)
        if known is not None and not known.is_hidden:
            self._typing.note(room, known, is_active=is_active)

    async def _draw(self, actor: Person, room_id: int, content: str) -> tuple[str, tuple[int, ...]]:
        """The html, and whom it names: members. Only open rooms are drawn, since all readers get the same."""
        wanted = text.named(content)
        if wanted is text.NOBODY:
            return text.render(content), ()
        ids = await mentions.members_named(self._database, room_id, wanted.usernames) if wanted.usernames else {}
        rooms = await mentions.open_rooms(self._database, wanted.slugs) if wanted.slugs else {}
        usernames = wanted.usernames & (ids.keys() | text.SPECIAL)
        html = text.render(content, text.Names(usernames, frozenset(rooms), rooms))
        ids[text.EVERYBODY] = mentions.EVERYBODY
        named = {ids[name] for name in mentioned(html) if name != text.WHO_IS_HERE}
        return html, tuple(sorted(named - {actor.id}))

    async def _read(self, actor: Person, slug: str, look: Callable[[Room], Awaitable[T]]) -> T:
        found = await look(await self._access.room_for(actor, slug))
        # Asked again: whoever was removed in between does not get what was said after.
        await self._access.room_for(actor, slug)
        return found


def _may_moderate(room: Room, role: Role | None) -> bool:
    return room.kind != "direct" and role == "owner"


def _attached(wanted: Sequence[Attach], field: str = "attachments") -> tuple[Attach, ...]:
    """Each file once."""
    if not wanted:
        return ()
    if len(wanted) > MOST_FILES:
        raise invalid(field, _("A message takes {n} files at most.").format(n=MOST_FILES))
    return tuple({each.id: Attach(each.id, alternative(each.alt)) for each in wanted}.values())


def _client_id(client_id: str) -> str:
    sentence = _("A client_id is text of at most {n} characters.").format(n=CLIENT_ID)
    if len(client_id) > CLIENT_ID:
        raise BadRequest(sentence, errors=(FieldError("client_id", sentence),))
    if "\x00" in client_id or text.has_surrogate(client_id):
        raise invalid("client_id", sentence)
    return client_id


def _characters(messages: Sequence[Message]) -> int:
    return sum(message.characters for message in messages)


def _fit(history: History) -> History:
    """The newest of the messages that fit into one answer, at least one; where all do, the same object."""
    if _characters(history.messages) <= CHARACTERS:
        return history
    kept = list(history.messages)
    while len(kept) > 1 and _characters(kept) > CHARACTERS:
        del kept[: max(1, len(kept) // 4)]
    return msgspec.structs.replace(history, messages=tuple(kept))


def _within(limit: int) -> int:
    return min(max(limit, 0), MOST)
