"""What people say, change, read and hear: each verb does it for real and notes in the memory what came of it.

A verb gives None where there is nothing to do it to.
"""

from __future__ import annotations

from tests.model.mirror import API, Mirror
from tests.model.world import Act, Post, World


def someone(world: World) -> Mirror | None:
    free = [mirror for mirror in world.open_mirrors() if mirror not in world.busy]
    if not free:
        return None
    mirror = world.chance.choice(free)
    world.busy.append(mirror)
    return mirror


def any_room(world: World, *kinds: str) -> str:
    fitting = [slug for slug, room in world.rooms.items() if not kinds or room.kind in kinds]
    return world.chance.choice(fitting)


def _index(world: World, slug: str) -> int | None:
    """A message that nobody else changes in the same step."""
    free = [index for index in world.rooms[slug].posts if (slug, index) not in world.touched]
    if not free:
        return None
    index = world.chance.choice(free)
    world.touched.add((slug, index))
    return index


def posts(world: World) -> Act | None:
    """Over the socket or REST, sometimes twice with the same key."""
    mirror = someone(world)
    if mirror is None:
        return None
    slug, content, by_rest = any_room(world), f"{mirror.username} {world.number()}", world.chance.random() < 0.4
    times = world.chance.choice((1, 1, 2))
    key = f"key-{world.number()}"

    async def act() -> None:
        indexes = set()
        for _ in range(times):
            body = {"content": content, "client_id": key}
            if by_rest:
                is_done, answer = await world.calls(mirror.username, "POST", f"{API}/{slug}/messages", body)
            else:
                frame = await world.asks(mirror, "sendMessage", room=slug, **body)
                is_done, answer = frame["ok"], frame.get("message")
            world.judges(is_done, mirror.username, slug)
            if is_done:
                world.rooms[slug].posts[answer["index"]] = Post(mirror.username, content)
                indexes.add(answer["index"])
        assert len(indexes) <= 1

    return act()


def edits(world: World) -> Act | None:
    return _changes(world, "editMessage")


def deletes(world: World) -> Act | None:
    return _changes(world, "deleteMessage")


def _changes(world: World, action: str) -> Act | None:
    slug, mirror = any_room(world), someone(world)
    index = _index(world, slug)
    if mirror is None or index is None:
        return None
    post, content = world.rooms[slug].posts[index], f"edited {world.number()}"
    fields = {"content": content} if action == "editMessage" else {}

    async def act() -> None:
        was_deleted = post.is_deleted
        answer = await world.asks(mirror, action, room=slug, index=index, **fields)
        is_own = post.author == mirror.username
        if was_deleted or (action == "editMessage" and not is_own):
            assert not answer["ok"]
        elif is_own:
            world.judges(answer["ok"], mirror.username, slug)
        if answer["ok"] and action == "editMessage":
            post.content = content
        elif answer["ok"]:
            post.is_deleted, post.is_pinned, post.reactions = True, False, {}

    return act()


def reacts(world: World) -> Act | None:
    """Gives or takes back, over the socket or REST: also what was given already, or was not."""
    slug, mirror = any_room(world), someone(world)
    index = _index(world, slug)
    if mirror is None or index is None:
        return None
    post, emoji, is_given = world.rooms[slug].posts[index], world.chance.choice("👍🎉👀"), world.chance.random() < 0.7
    by_rest = world.chance.random() < 0.3

    async def act() -> None:
        if by_rest:
            path = f"{API}/{slug}/messages/{index}/reactions/{emoji}"
            is_done, _ = await world.calls(mirror.username, "PUT" if is_given else "DELETE", path)
        else:
            action = "addReaction" if is_given else "removeReaction"
            is_done = (await world.asks(mirror, action, room=slug, index=index, emoji=emoji))["ok"]
        if is_done or not post.is_deleted:
            world.judges(is_done, mirror.username, slug)
        names = post.reactions.get(emoji, [])
        if is_done:
            assert not post.is_deleted
            others = [name for name in names if name != mirror.username]
            given = names if is_given and mirror.username in names else [*others, *[mirror.username] * is_given]
            post.reactions[emoji] = given
            post.reactions = {each: kept for each, kept in post.reactions.items() if kept}

    return act()


def pins(world: World) -> Act | None:
    slug, mirror = any_room(world), someone(world)
    index = _index(world, slug)
    if mirror is None or index is None:
        return None
    post, is_pinned, by_rest = world.rooms[slug].posts[index], world.chance.random() < 0.6, world.chance.random() < 0.3

    async def act() -> None:
        if by_rest:
            method = "PUT" if is_pinned else "DELETE"
            is_done, _ = await world.calls(mirror.username, method, f"{API}/{slug}/messages/{index}/pin")
        else:
            action = "pinMessage" if is_pinned else "unpinMessage"
            is_done = (await world.asks(mirror, action, room=slug, index=index))["ok"]
        if is_done or not post.is_deleted:
            world.judges(is_done, mirror.username, slug)
        if is_done:
            assert not post.is_deleted
            post.is_pinned = is_pinned

    return act()


def marks_read(world: World) -> Act | None:
    mirror, slug = someone(world), any_room(world)
    top = len(world.rooms[slug].posts)
    if mirror is None or not top:
        return None
    index = world.chance.randrange(1, top + 1)

    async def act() -> None:
        turn = mirror.rooms[slug].turn if slug in mirror.rooms else 0
        answer = await world.asks(mirror, "markRead", room=slug, index=index, turn=turn)
        world.judges(answer["ok"], mirror.username, slug)

    return act()


def goes_back(world: World) -> Act | None:
    """To before some message, or to where the last reading began."""
    mirror, slug = someone(world), any_room(world)
    top = len(world.rooms[slug].posts)
    if mirror is None or not top:
        return None
    index, by_rest, is_undo = world.chance.randrange(1, top + 1), *(world.chance.random() < 0.5 for _ in range(2))

    async def act() -> None:
        if by_rest:
            how = ("DELETE", f"{API}/{slug}/read") if is_undo else ("PUT", f"{API}/{slug}/unread", {"index": index})
            is_done, answer = await world.calls(mirror.username, *how)
            code = "" if is_done else answer["code"]
        else:
            fields = {} if is_undo else {"index": index}
            frame = await world.asks(mirror, "undoRead" if is_undo else "markUnread", room=slug, **fields)
            is_done, code = frame["ok"], frame.get("error", {}).get("code", "")
        # "conflict": there was nothing to take back.
        world.judges(is_done or code == "conflict", mirror.username, slug)

    return act()


def sets_a_level(world: World) -> Act | None:
    return _asks_ofany_room(world, "setLevel", level=world.chance.choice(("all", "mentions", "nothing", "hidden")))


def writes_a_command(world: World) -> Act | None:
    return _asks_ofany_room(world, "runCommand", line=world.chance.choice(("/mute", "/unmute", "/away out", "/back")))


def types(world: World) -> Act | None:
    return _asks_ofany_room(world, "typing", active=world.chance.random() < 0.5)


def looks_or_is_away(world: World) -> Act | None:
    mirror = someone(world)
    if mirror is None:
        return None
    is_active = world.chance.random() < 0.5

    async def act() -> None:
        assert (await world.asks(mirror, "presence", active=is_active))["ok"]

    return act()


def reads_recent(world: World) -> Act | None:
    return _asks_ofany_room(world, "getRecentMessages", limit=5)


def hears_anew(world: World) -> Act | None:
    """Subscribes to what it hears already, from where it stands: the subscription is replaced without a hole."""
    mirror = someone(world)
    if mirror is None:
        return None
    for room in mirror.rooms.values():
        room.is_heard = False
    return mirror.settles()


def stops_hearing(world: World) -> Act | None:
    mirror = someone(world)
    if mirror is None or not mirror.rooms:
        return None
    slug = world.chance.choice(sorted(mirror.rooms))

    async def act() -> None:
        answer = await world.asks(mirror, "unsubscribe", room=slug)
        if answer["ok"] and slug in mirror.rooms:
            mirror.rooms[slug].is_heard = False

    return act()


def _asks_ofany_room(world: World, action: str, **fields: object) -> Act | None:
    mirror, slug = someone(world), any_room(world)
    if mirror is None:
        return None

    async def act() -> None:
        answer = await world.asks(mirror, action, room=slug, **fields)
        world.judges(answer["ok"], mirror.username, slug)

    return act()
