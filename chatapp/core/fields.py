"""Why a body or a frame does not fit what it should be, as a sentence on one field."""

from __future__ import annotations

import re
from typing import Any, Final, Literal, get_args, get_origin

import msgspec

from chatapp.core.errors import FieldError
from chatapp.core.language import _

LONGEST_NAME: Final = 64

_place: Final = re.compile(r" - at `\$\.?([^`]*)`$")
_missing: Final = re.compile(r"^Object missing required field `(\w+)`")
_unknown: Final = re.compile(r"^Object contains unknown field `(.*)`", re.DOTALL)


def without_nulls(said: dict[str, Any]) -> dict[str, Any]:
    """Many a library writes what is not set as ``null``: it counts as left out."""
    return {name: value for name, value in said.items() if value is not None}


def field_error(error: msgspec.ValidationError, kind: type[Any]) -> FieldError:
    """The field of ``kind``, a struct, that was refused ("" for the whole), and what belongs there."""
    sentence = str(error)
    if missing := _missing.match(sentence):
        return FieldError(missing[1], _("This field is required."))
    if unknown := _unknown.match(sentence):
        return FieldError(unknown[1][:LONGEST_NAME], _("There is no such field."))
    place = _place.search(sentence)
    name = place[1] if place else ""
    if sentence.startswith("Invalid enum value"):
        return FieldError(name, _("This must be one of: {choices}.").format(choices=", ".join(_choices_of(kind, name))))
    return FieldError(name, _place.sub("", sentence).replace("`", ""))


def _choices_of(kind: type[Any], name: str) -> list[str]:
    return [choice for field in msgspec.structs.fields(kind) if field.name == name for choice in _choices(field.type)]


def _choices(kind: Any) -> list[str]:
    """Of ``Literal["a", "b"] | None``: a, b."""
    if get_origin(kind) is Literal:
        return list(map(str, get_args(kind)))
    return [choice for each in get_args(kind) for choice in _choices(each)]
