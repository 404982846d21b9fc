"""Frames as nobody would write them by hand: any bytes, any JSON, and good commands with a few bytes changed."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from chatapp.gateway import commands
from chatapp.gateway.registry import actions

commands.load()

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**80), 2**80),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["general", "\ud800", "\0", "", "x" * 70]),
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
names = sorted({field for schema in actions().values() for field in schema.__struct_fields__})
objects = st.fixed_dictionaries(
    {"action": st.sampled_from([*actions(), "nonsense"]) | values},
    optional=dict.fromkeys([*names, "unknown"], values),
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A frame of the right shape in which some bytes are others, or some part is there twice, or is not there."""
    data = bytearray(json.dumps(draw(objects), ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass"))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 8)))
        data[start:end] = draw(st.sampled_from([b"", data[start:end] * 2, b'"', b"{", b"\\u", b"\xff", b"1e999", b","]))
    return bytes(data)


frames = st.one_of(st.binary(max_size=60), st.text(max_size=60).map(lambda text: text.encode()), mutated())
