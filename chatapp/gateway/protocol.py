"""Bytes on a socket: commands in, answers, errors and news out."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec

from chatapp.core.errors import BadJson, BadRequest, ChatError, Invalid, UnknownAction
from chatapp.core.events import Messages, encode, wire
from chatapp.core.fields import field_error, without_nulls
from chatapp.core.language import _
from chatapp.core.models import Message
from chatapp.core.text import has_surrogate
from chatapp.realtime.frames import text_frame

T = TypeVar("T")
Ref = str | int | float | bool | None
PER_FRAME: Final = 50
CHARACTERS: Final = 60_000
# Of those who were cut off or sent away together. A core that does nothing else lets in about three times as many.
RETURNS_PER_SECOND: Final = 400

_envelope = msgspec.json.Decoder()


def plain(room: str, changes: Sequence[Message]) -> bytes:
    """News frames for clients that draw the text themselves."""
    return _news(room, changes, with_html=False)


def drawn(room: str, changes: Sequence[Message]) -> bytes:
    """News frames for clients that take the body as HTML."""
    return _news(room, changes, with_html=True)


def spread(sockets: int) -> int:
    """Seconds over which so many sockets should come back."""
    return math.ceil(sockets / RETURNS_PER_SECOND)


def _news(room: str, changes: Sequence[Message], *, with_html: bool) -> bytes:
    return b"".join(
        text_frame(encode(Messages(room, tuple(wire(m, room, with_html=with_html) for m in part))))
        for part in chunks(changes)
    )


def chunks(changes: Sequence[Message]) -> Iterator[Sequence[Message]]:
    """Parts that make frames of a bearable size."""
    start, characters = 0, 0
    for position, message in enumerate(changes):
        characters += message.characters
        if position > start and (position - start >= PER_FRAME or characters > CHARACTERS):
            yield changes[start:position]
            start, characters = position, message.characters
    if changes:
        yield changes[start:]


def first_chunk(changes: Sequence[Message]) -> tuple[Sequence[Message], bool]:
    """What goes into the first frame, and whether that is everything."""
    part = next(chunks(changes), changes)
    return part, len(part) == len(changes)


def answer(ref: Ref | msgspec.UnsetType, fields: dict[str, Any]) -> bytes:
    """``{"ref": 7, "ok": true, …}``"""
    return text_frame(encode({**_ref(ref), "ok": True, **fields}))


def refusal(ref: Ref | msgspec.UnsetType, error: ChatError) -> bytes:
    """``{"ref": 7, "ok": false, "error": {…}}``"""
    return text_frame(encode({**_ref(ref), "ok": False, "error": error_object(error)}))


def _ref(ref: Ref | msgspec.UnsetType) -> dict[str, Any]:
    return {} if ref is msgspec.UNSET else {"ref": ref}


def error_object(error: ChatError) -> dict[str, Any]:
    """The error as docs/protocol.md has it in frames."""
    fields: dict[str, Any] = {"code": error.code, "message": _(error.message), "status": error.status}
    if error.errors:
        fields["errors"] = error.errors
    if error.retry_after is not None:
        fields["retry_after"] = error.retry_after
    return fields


def loosely(data: bytes) -> dict[str, Any]:
    """The frame as a plain object. Raises ``BadJson``, or ``Invalid`` for a lone surrogate."""
    try:
        frame = _envelope.decode(data)
    except (msgspec.DecodeError, RecursionError):
        raise _why_not_json(data) from None
    if not isinstance(frame, dict):
        raise BadJson
    refuse_double_keys(data)
    return frame


def _why_not_json(data: bytes) -> ChatError:
    # The fast decoder stops at a lone surrogate without naming it; the standard one lets it through.
    try:
        text = json.dumps(json.loads(data, parse_constant=_refuse_constant), ensure_ascii=False)
    except (ValueError, RecursionError):
        return BadJson()
    return Invalid("The frame holds a lone surrogate, which is not text.") if has_surrogate(text) else BadJson()


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def refuse_double_keys(data: bytes) -> None:
    """Raises ``BadJson`` where a key is said twice: readers differ on which of the two counts (RFC 8259)."""
    if not _has_a_colon_per_key(data):
        try:
            _once_each.decode(data.decode())
        except (ValueError, RecursionError):
            raise BadJson from None


def _has_a_colon_per_key(data: bytes) -> bool:
    """True leaves no colon for a key that is said twice: most frames need no closer, slower look."""
    try:
        frame = _envelope.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return False
    return isinstance(frame, dict) and data.count(b":") == len(frame)


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len(pairs) > 1 and len(dict(pairs)) < len(pairs):
        raise ValueError


# Made once: json.loads would make one for every frame.
_once_each: Final = json.JSONDecoder(object_pairs_hook=_once)


def ref_in(data: bytes) -> Ref | msgspec.UnsetType:
    """The ``ref`` of a frame that is refused, as far as it can be made out."""
    try:
        frame = json.loads(data, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return msgspec.UNSET
    ref = frame.get("ref", msgspec.UNSET) if isinstance(frame, dict) else msgspec.UNSET
    if isinstance(ref, str):
        return msgspec.UNSET if has_surrogate(ref) else ref
    is_number = isinstance(ref, int) or (isinstance(ref, float) and math.isfinite(ref))
    return ref if ref is None or is_number else msgspec.UNSET


def closely(data: bytes, decoder: msgspec.json.Decoder[T], actions: Mapping[str, type[Any]]) -> T:
    """The command of a frame in which ``null`` counts as left out.

    Raises ``BadJson``, ``Invalid`` as :func:`loosely` does, ``UnknownAction``, or ``BadRequest`` naming the field.
    """
    frame = loosely(data)
    try:
        command: T = msgspec.convert(without_nulls(frame), decoder.type)
    except msgspec.ValidationError as error:
        raise _explained(error, frame, actions) from None
    return command


def _explained(error: msgspec.ValidationError, frame: dict[str, Any], actions: Mapping[str, type[Any]]) -> ChatError:
    action = frame.get("action")
    if not isinstance(action, str) or action not in actions:
        return UnknownAction(
            f"There is no action {str(action)[:40]!r}." if "action" in frame else "No action is given."
        )
    return BadRequest(errors=(field_error(error, actions[action]),))


def is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
