"""What is said of a field that does not fit."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
import pytest

from chatapp.core.fields import field_error


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    colour: Literal["red", "blue"] | None = None


@pytest.mark.parametrize(
    ("body", "field", "detail"),
    [
        ({}, "name", "This field is required."),
        ({"name": "x", "size": 1}, "size", "There is no such field."),
        ({"name": "x", "colour": "green"}, "colour", "This must be one of: red, blue."),
        ({"name": 5}, "name", "Expected str, got int"),
        ([], "", "Expected object, got array"),
    ],
)
def test_the_field_is_named_and_what_belongs_there(body: Any, field: str, detail: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert(body, Wanted)
    found = field_error(refused.value, Wanted)
    assert (found.field, found.detail) == (field, detail)
