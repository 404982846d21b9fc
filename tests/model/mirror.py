"""A client that knows only what docs/protocol.md says: it reads once, applies news, and is never allowed to reload."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aiohttp.test_utils import TestClient

from tests.support.cast import Ear, Frame

Client = TestClient[Any, Any]
API = "/api/v1/rooms"
PATIENCE = 30.0


class PatientEar(Ear):
    """Waits for a disk that everybody else is writing to; what never comes is found all the same."""

    async def _read(self, within: float) -> Frame:
        return await super()._read(max(within, PATIENCE))


@dataclass
class RoomCopy:
    """A room as the client has it; ``other`` is whom a direct one is with."""

    title: str
    topic: str
    kind: str
    index: int
    read_index: int
    turn: int = 0
    other: str = ""
    level: str = "all"
    version: int = 0
    epoch: str = ""
    is_heard: bool = False
    messages: dict[int, Frame] = field(default_factory=dict)


class Mirror:
    """One device of a person: its socket, and its copy of everything that person may see."""

    def __init__(self, username: str, token: str) -> None:
        self.username = username
        self.token = token
        self.rooms: dict[str, RoomCopy] = {}
        self.names: dict[str, str] = {}
        # Who is not named is offline; None: it has not asked.
        self.presence: dict[str, str] | None = None
        self.ear: Ear | None = None

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def connects(self, client: Client) -> None:
        """Come, or come back: the list of rooms anew, then of each room what was missed."""
        self.client = client
        self.ear = PatientEar(await client.ws_connect("/ws", headers=self.bearer))
        self.ear.hello, self.presence = await self.ear.frame(), None
        user = self.ear.hello["user"]
        self.names[user["username"]] = user["display_name"]
        fresh = {room["slug"]: room for room in (await self.reads(API))["rooms"] if room["is_member"]}
        self.rooms = {slug: copy for slug, copy in self.rooms.items() if slug in fresh}
        for slug, room in fresh.items():
            copy = self.rooms.setdefault(slug, _copy(room))
            copy.title, copy.topic, copy.index, copy.read_index = (
                *(room["title"], room["topic"]),
                *(room["index"], room["read_index"]),
            )
            copy.turn, copy.level, copy.is_heard = room["read_turn"], room["level"], False
        await self.settles()
        await self._asks_for_names()

    async def leaves(self, *, politely: bool) -> None:
        """Be away for a while, as a laptop that is shut or a page that is left."""
        if self.ear is not None:
            ear, self.ear = self.ear, None
            await ear.ws.close(code=1000 if politely else 1001)

    async def asks(self, action: str, **fields: Any) -> Frame:
        """The answer to a command, after all news that came before it."""
        assert self.ear is not None
        answer = await self.ear.asks(action, **fields)
        self._take_news()
        if answer["ok"] and "message" in answer:
            self._apply_message(answer["message"]["room"], answer["message"])
            # Not version: news of what was changed before it may still be on its way.
        room = self.rooms.get(fields.get("room", ""))
        if answer["ok"] and action == "markRead" and room is not None:
            self._apply_read(room, min(fields["index"], room.index), fields["turn"])
        if answer["ok"] and action in {"markUnread", "undoRead"} and room is not None:
            self._apply_read(room, answer["read_index"], answer["read_turn"])
        return answer

    async def settles(self) -> None:
        """Until nothing is on its way any more, and every room it knows of is heard."""
        await self.asks("ping")
        for slug in [slug for slug, room in self.rooms.items() if not room.is_heard]:
            await self._subscribes(slug)
            await self.asks("ping")

    async def reads(self, path: str) -> Any:
        async with self.client.get(path, headers=self.bearer) as response:
            assert response.status == 200, (path, await response.text())
            return await response.json()

    async def _subscribes(self, slug: str) -> None:
        known = self.rooms[slug]
        where = {"after": known.version, "epoch": known.epoch} if known.epoch else {"limit": 50}
        answer = await self.asks("subscribe", room=slug, **where)
        if not answer["ok"]:
            # Only what one was taken out of meanwhile; then that was told before.
            assert slug not in self.rooms, answer
            return
        copy = self.rooms[slug]
        if not answer["complete"]:
            copy.messages.clear()
        for message in answer["messages"]:
            self._apply_message(slug, message, is_news=False)
        copy.index, copy.version = max(copy.index, answer["index"]), max(copy.version, answer["version"])
        self._apply_read(copy, answer["read_index"], answer["read_turn"])
        copy.epoch = answer["epoch"]
        copy.is_heard = True
        if copy.kind == "direct":
            names = {m["username"]: m["display_name"] for m in (await self.reads(f"{API}/{slug}/members"))["members"]}
            others = [username for username in names if username != self.username]
            # The title once more: news of a name may have come before it was known whose name it is.
            copy.other = (others or [self.username])[0]
            copy.title = names[copy.other]

    async def _asks_for_names(self) -> None:
        """Names that changed while it was away are those of the members' list."""
        for slug in list(self.rooms):
            for member in (await self.reads(f"{API}/{slug}/members"))["members"]:
                self._apply_name(member["username"], member["display_name"])

    def _take_news(self) -> None:
        assert self.ear is not None
        news, self.ear._news = self.ear._news, []
        for frame in news:
            getattr(self, "_on_" + frame["event"])(frame)

    # What each kind of news means, one method an event.

    def _on_messages(self, news: Frame) -> None:
        versions = [message["version"] for message in news["messages"]]
        assert versions == sorted(set(versions)), news
        for message in news["messages"]:
            self._apply_message(news["room"], message)
            self.rooms[news["room"]].version = message["version"]

    def _on_read(self, news: Frame) -> None:
        self._apply_read(self.rooms[news["room"]], news["index"], news["turn"])

    def _on_levelChanged(self, news: Frame) -> None:  # noqa: N802 - named as the event
        self.rooms[news["room"]].level = news["level"]

    def _on_roomChanged(self, news: Frame) -> None:  # noqa: N802
        room = self.rooms[news["room"]]
        room.title, room.topic, room.kind = news["name"], news["topic"], news["kind"]

    def _on_roomAdded(self, news: Frame) -> None:  # noqa: N802
        self.rooms[news["room"]] = RoomCopy(
            news["name"], news["topic"], news["kind"], news["index"], news["read_index"]
        )

    def _on_roomRemoved(self, news: Frame) -> None:  # noqa: N802
        self.rooms.pop(news["room"], None)

    def _on_userChanged(self, news: Frame) -> None:  # noqa: N802
        self._apply_name(news["username"], news["display_name"])

    def _on_typing(self, news: Frame) -> None:
        assert news["room"] in self.rooms
        assert news["username"] != self.username

    def _on_presence(self, news: Frame) -> None:
        told = [(name, kind) for kind in ("online", "away", "offline") for name in news[kind]]
        assert len(told) == len(dict(told)), news
        assert self.presence is not None or news["complete"]
        known = {} if news["complete"] or self.presence is None else self.presence
        self.presence = {**known, **dict(told)}

    async def knows_who_is_here(self) -> bool:
        """Whether those it shares a room with are to it what they are to a newcomer."""
        await self.settles()
        if self.presence is None:
            return False
        members = [member for slug in self.rooms for member in (await self.reads(f"{API}/{slug}/members"))["members"]]
        return all(self.presence.get(each["username"], "offline") == each["presence"] for each in members)

    def _apply_message(self, slug: str, message: Frame, *, is_news: bool = True) -> None:
        room = self.rooms.get(slug)
        if room is None:
            # The answer to a command whose room was taken away before it came.
            return
        known = room.messages.get(message["index"])
        if known is None or known["version"] < message["version"]:
            room.messages[message["index"]] = message
        # The answer to a later own post may come before the news of an earlier one, and then counts once more as news.
        is_same = known is None or known["version"] == message["version"]
        is_post = is_news and is_same and not message.get("edited_at") and not message.get("deleted")
        if is_post and message["username"] == self.username and room.read_index == message["index"] - 1:
            # Who had read everything has read the own words too.
            room.read_index = message["index"]
        room.index = max(room.index, message["index"])

    def _apply_read(self, room: RoomCopy, index: int, turn: int) -> None:
        """Of a later turn what is said holds; of the same the farthest."""
        if turn > room.turn:
            room.read_index, room.turn = index, turn
        elif turn == room.turn:
            room.read_index = max(room.read_index, index)

    def _apply_name(self, username: str, display_name: str) -> None:
        self.names[username] = display_name
        for room in self.rooms.values():
            if room.other == username:
                room.title = display_name
            for index, message in room.messages.items():
                if message["username"] == username:
                    room.messages[index] = {**message, "display_name": display_name}


def _copy(room: Frame) -> RoomCopy:
    return RoomCopy(room["title"], room["topic"], room["kind"], room["index"], room["read_index"])


async def fresh_state(mirror: Mirror, client: Client) -> dict[str, Any]:
    """What somebody sees who comes for the first time, in the shape of :func:`state`."""
    newcomer = Mirror(mirror.username, mirror.token)
    await newcomer.connects(client)
    try:
        return state(newcomer)
    finally:
        await newcomer.leaves(politely=True)


def state(mirror: Mirror) -> dict[str, Any]:
    """Everything a person would see on the screen. Of messages the newest page: a client may hold more."""
    return {
        slug: {
            "about": (room.title, room.topic, room.kind, room.index, room.read_index, room.index - room.read_index),
            "turn": room.turn,
            "level": room.level,
            "messages": [room.messages[index] for index in sorted(room.messages)[-50:]],
            "version": room.version,
        }
        for slug, room in sorted(mirror.rooms.items())
    }
