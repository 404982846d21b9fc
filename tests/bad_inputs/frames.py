"""The table of bad frames: what is sent, and what each of the two sockets answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

from chatapp.gateway import commands
from chatapp.gateway.registry import actions
from tests.bad_inputs.scene import MARK

SOCKET: Final = "/ws"
ROOM_SOCKET: Final = "/rooms/general/ws"
DOORS: Final = (SOCKET, ROOM_SOCKET)

Answer = tuple[str, int]
BAD_JSON: Final = ("bad_json", 400)
BAD_REQUEST: Final = ("bad_request", 400)
UNKNOWN: Final = ("unknown_action", 400)
INVALID: Final = ("invalid", 422)
TOO_LARGE: Final = ("too_large", 413)
NOT_FOUND: Final = ("not_found", 404)


class Frame(NamedTuple):
    """``at_room`` is the room socket's answer: the same as at ``/ws`` unless given, None where the frame is good.

    ``field`` is the one that is named as wrong; ``ref`` the one that comes back, "none" for none.
    """

    row: str
    words: str
    data: str | bytes
    answer: Answer | None
    at_room: Answer | None
    field: str = ""
    ref: Any = "none"

    def expected(self, door: str) -> Answer | None:
        return self.answer if door == SOCKET else self.at_room


def frames() -> list[Frame]:
    said = (*_texts(), *_emoji(), *_keys(), *_rooms(), *_refs())
    return [*_not_json(), *_unknown(), *_missing(), *_wrong_types(), *said]


NOT_JSON: Final = {
    "39 empty": "",
    "39 blank": " \n",
    "39 words": "hello",
    "39 half an object": '{"action": "ping"',
    "39 two objects": '{"action": "ping"}{"action": "ping"}',
    "39 single quotes": "{'action': 'ping'}",
    "39 a comment": '{"action": "ping"} // hello',
    "39 a trailing comma": '{"action": "ping",}',
    "39 a list": '["ping"]',
    "39 a list of objects": '[{"action": "ping"}]',
    "39 null": "null",
    "39 a number": "5",
    "39 a string": '"ping"',
    "39 true": "true",
    "39 a raw control character": '{"action": "ping", "x": "\x01"}',
    "39 a byte order mark": '\ufeff{"action": "ping"}',
    "39 raw NUL": "\0",
    "40 20,000 lists": "[" * 20_000,
    "40 20,000 lists, closed": '{"action": "ping", "x": ' + "[" * 20_000 + "]" * 20_000 + "}",
    "40 objects in objects": '{"action":' * 4000,
    "41 an integer of 5,000 digits": '{"action": "ping", "x": ' + "9" * 5000 + "}",
    "43 NaN": '{"action": "sendMessage", "room": "general", "content": NaN}',
    "43 Infinity": '{"action": "subscribe", "room": "general", "limit": Infinity}',
    "43 minus Infinity": '{"action": "ping", "x": -Infinity}',
    "49 the action twice": '{"action": "ping", "action": "sendMessage"}',
    "49 the action twice, escaped": '{"action": "ping", "acti\\u006fn": "ping"}',
    "49 the content twice": '{"action": "sendMessage", "room": "general", "content": "a", "content": "b"}',
    "49 a key twice, deep down": '{"action": "ping", "x": [{"a": 1, "a": 2}]}',
}


def _not_json() -> Iterator[Frame]:
    for name, data in NOT_JSON.items():
        row, _, words = name.partition(" ")
        yield Frame(row, words, data, BAD_JSON, BAD_JSON)


def _unknown() -> Iterator[Frame]:
    values: dict[str, Any] = {
        "another": "shutdown",
        "in another case": "SENDMESSAGE",
        "empty": "",
        "null": None,
        "a number": 5,
        "an object": {"$gt": ""},
        "a list": ["ping"],
        "true": True,
        "of 60 kB": "x" * 60_000,
        "a name of Python's": "__class__",
        "with a space": "ping ",
        "with NUL": "ping\0",
    }
    yield Frame("47", "no action", "{}", UNKNOWN, UNKNOWN)
    for words, action in values.items():
        yield Frame("47", f"an action {words}", json.dumps({"action": action}), UNKNOWN, UNKNOWN)


GOOD: Final[dict[str, Any]] = {
    "room": "general",
    "content": MARK,
    "line": "/shrug",
    "level": "all",
    "turn": 1,
    "client_id": "x",
    "reply_to": 1,
    "limit": 1,
    "before": 1,
    "after": 0,
    "epoch": "x",
    "html": True,
    "index": 1,
    "active": True,
    "emoji": "👍",
    "attachments": [],
    "descriptions": [],
    "ref": 7,
}
ANY: Final[dict[str, Any]] = {
    "an object": {"$gt": ""},
    "an empty object": {},
    "a list": ["x"],
    "an empty list": [],
    "null": None,
    "true": True,
    "a number": 7,
    "a fraction": 1.5,
    "a text": "1",
    "negative": -1,
    "2**53+1": 2**53 + 1,
    "2**70": 2**70,
    "10**9": 10**9,
    "0": 0,
}
TEXTS: Final = {"room", "content", "line", "level", "client_id", "epoch", "emoji"}
FLAGS: Final = {"html", "active"}
# What each field takes of the above.
TAKEN: Final = {
    **{name: {"a text"} for name in TEXTS},
    **{name: {"true"} for name in FLAGS},
    "reply_to": {"a number", "10**9"},
    "before": {"a number", "10**9"},
    "after": {"a number", "10**9", "0"},
    "limit": {"a number", "0"},
    "index": {"a number", "10**9"},
    "turn": {"a number", "10**9", "0"},
    "attachments": {"an empty list"},
    "descriptions": {"an empty list"},
    "ref": set(ANY) - {"an object", "an empty object", "a list", "an empty list"},
}


def known() -> dict[str, list[str]]:
    """The fields of every action there is; a new one without a good value in the table fails here."""
    commands.load()
    found = {name: list(schema.__struct_fields__) for name, schema in actions().items()}
    assert {field for names in found.values() for field in names} == set(GOOD)
    return found


def optional(action: str) -> set[str]:
    """The fields that may be left out: ``null`` is the same."""
    return {field.name for field in msgspec.structs.fields(actions()[action]) if not field.required}


def _frame(action: str, names: list[str], **changed: Any) -> dict[str, Any]:
    return {"action": action, **{name: GOOD[name] for name in names if name != "ref"}, **changed}


def _wrong_types() -> Iterator[Frame]:
    for action, names in known().items():
        for name in names:
            for words, value in ANY.items():
                if words in TAKEN[name] or (action, name, words) == ("markRead", "index", "0"):
                    continue
                if value is None and name in optional(action):
                    continue
                data = json.dumps(_frame(action, names, **{name: value}))
                about = f"{action} with {name} {words}"
                field = f"{name}[0]" if name in {"attachments", "descriptions"} and words == "a list" else name
                yield Frame("42", about, data, BAD_REQUEST, _at_room(action, name), field=field)


def _at_room(action: str, name: str) -> Answer | None:
    """The room socket knows two actions, reads two of their fields, and posts what it can read."""
    if action not in {"sendMessage", "getRecentMessages"}:
        return UNKNOWN
    return BAD_REQUEST if name in {"content", "client_id"} and action == "sendMessage" else None


def _missing() -> Iterator[Frame]:
    for action, names in known().items():
        for name in {"room", "content", "index", "emoji"} & set(names):
            frame = _frame(action, names)
            del frame[name]
            data = json.dumps(frame)
            yield Frame("46", f"{action} without {name}", data, BAD_REQUEST, _at_room(action, name), field=name)


def _send(**fields: Any) -> str:
    return json.dumps({"action": "sendMessage", "room": "general", **fields})


def _texts() -> Iterator[Frame]:
    for words, content, answer in (
        ("50 empty", "", INVALID),
        ("50 of spaces", " \n\t\u3000", INVALID),
        ("50 of no width", "\u200b\u200d", INVALID),
        ("45 with NUL", "a\x00b", INVALID),
        ("44 with a lone surrogate", "\ud800", INVALID),
        ("44 with a lone low surrogate", "a\udc00b", INVALID),
        ("44 with two high surrogates", "\ud83d\ud83d", INVALID),
        ("51 of 8,001", "x" * 8001, TOO_LARGE),
        ("51 of one letter with 8,000 marks", "e" + "\u0301" * 8000, TOO_LARGE),
    ):
        row, _, about = words.partition(" ")
        yield Frame(row, f"content {about}", _send(content=content), answer, answer)
        edit = json.dumps(_frame("editMessage", known()["editMessage"], content=content))
        yield Frame(row, f"an edit to content {about}", edit, answer, INVALID if row == "44" else UNKNOWN)


def _keys() -> Iterator[Frame]:
    for words, key, answer in (
        ("of 65", "x" * 65, BAD_REQUEST),
        ("of 10 kB", "x" * 10_000, BAD_REQUEST),
        ("with NUL", "\x00", INVALID),
        ("with a lone surrogate", "\ud800", INVALID),
    ):
        yield Frame("54", f"client_id {words}", _send(content=MARK, client_id=key), answer, answer)
    yield Frame("44", "a lone surrogate in a key", '{"action": "ping", "\\ud800": 1}', INVALID, INVALID)
    yield Frame("44", "a lone surrogate in the action", '{"action": "\\ud800"}', INVALID, INVALID)
    for token in ("garbage", 7, True, ["x"], {"$gt": ""}, "x" * 10_000):
        words = f"the token {str(token)[:9]} in the frame"
        yield Frame("2", words, _send(content=MARK, token=token), None, ("forbidden", 403))


def _rooms() -> Iterator[Frame]:
    for words, room in {
        "unknown": "nowhere",
        "not hers": "vault",
        "a path": "../../etc/passwd",
        "of another script": "общий",
        "empty": "",
        "with NUL": "general\0",
        "in another case": "General",
        "SQL": "general' --",
    }.items():
        for action, names in known().items():
            if "room" in names:
                data = json.dumps(_frame(action, [n for n in names if n != "reply_to"], room=room))
                at_room = None if action in {"sendMessage", "getRecentMessages"} else UNKNOWN
                yield Frame("55", f"{action} in a room {words}", data, NOT_FOUND, at_room)
    for action in ("editMessage", "deleteMessage", "addReaction", "removeReaction", "pinMessage", "unpinMessage"):
        for words, index in {"none yet": 99, "deleted": 2, "far beyond": 2**53}.items():
            data = json.dumps(_frame(action, known()[action], index=index))
            yield Frame("46", f"{action} of a message {words}", data, NOT_FOUND, UNKNOWN)
    yield Frame("46", "a reply to nothing", _send(content=MARK, reply_to=99), NOT_FOUND, None)


def _emoji() -> Iterator[Frame]:
    for action in ("addReaction", "removeReaction"):
        for words, emoji in {
            "a letter": "a",
            "empty": "",
            "a name": ":+1:",
            "two": "👍👍",
            "an emoji and more": "👍 ",
            "markup": "<b>",
            "NUL": "\0",
            "half of a flag": "🇩",
            "long": "👍" * 10_000,
        }.items():
            data = json.dumps(_frame(action, known()[action], emoji=emoji), ensure_ascii=False)
            yield Frame("50", f"{action} with an emoji that is {words}", data, INVALID, UNKNOWN, field="emoji")


def _refs() -> Iterator[Frame]:
    for ref in (7, "a", 1.5, True, False, None, "", "x" * 1000, -1, 2**53):
        shown = str(ref)[:9]
        yield Frame("48", f"the ref {shown!r}", json.dumps({"action": "x", "ref": ref}), UNKNOWN, UNKNOWN, ref=ref)
    twice = '{"ref": 8, "action": "ping", "action": "ping"}'
    yield Frame("48", "a ref in a frame that says a key twice", twice, BAD_JSON, BAD_JSON, ref=8)
    surrogate = '{"ref": 9, "action": "ping", "x": "\\ud800"}'
    yield Frame("48", "a ref beside a lone surrogate", surrogate, INVALID, INVALID, ref=9)
    for words, data, answer in (
        ("a lone surrogate", '{"ref": "\\ud800", "action": "ping"}', INVALID),
        ("NaN", '{"ref": NaN, "action": "ping"}', BAD_JSON),
        ("more than any number", '{"ref": 1e999, "action": "x"}', BAD_JSON),
    ):
        yield Frame("48", f"the ref {words}", data, answer, answer)
