"""The cases of the Autobahn test suite for RFC 6455, by its numbers: sections 1 to 7 and 10.

``ping`` repeats the ``ref`` it is given, which makes the server the echo that the suite wants.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, NamedTuple

import pytest

from chatapp.settings import Settings
from tests.gateway.conftest import Opens
from tests.support.cast import Actor
from tests.support.wire import BINARY, CLOSE, PATIENCE, PING, PONG, TEXT, RawSocket, frame

Heard = str | bytes | int
BEFORE, AFTER = b'{"action":"ping","ref":"', b'"}'
OTHER: Final = 0
END: Final = frame(CLOSE, struct.pack("!H", 1000))
KOSME: Final = "κόσμε".encode()
# As in the suite: all at once, a piece for every frame, a piece for every byte.
TOGETHER, BY_FRAME, BY_BYTE = 0, -1, 1


class Case(NamedTuple):
    """``hears``: what comes back, a text by its ``ref``, the last of all a close code."""

    frames: Sequence[bytes]
    hears: Sequence[Heard]
    piece: int = TOGETHER


def said(words: bytes | str) -> bytes:
    return BEFORE + (words.encode() if isinstance(words, str) else words) + AFTER


def text(words: bytes | str = "hi", *, reserved: int = 0) -> bytes:
    return frame(TEXT, said(words), reserved=reserved)


def pieces(payload: bytes, *cuts: int) -> list[bytes]:
    """One text in as many frames as that makes."""
    parts = [payload[a:b] for a, b in zip((0, *cuts), (*cuts, len(payload)), strict=True)]
    last = len(parts) - 1
    return [frame(OTHER if at else TEXT, part, is_final=at == last) for at, part in enumerate(parts)]


def close(code: int | None, reason: bytes = b"") -> bytes:
    return frame(CLOSE, b"" if code is None else struct.pack("!H", code) + reason)


def framing() -> Iterator[tuple[str, Case]]:
    for number, size in enumerate((125, 126, 127, 128, 65_535, 65_536), 2):
        words = "x" * (size - len(said("")))
        yield f"1.1.{number}", Case([text(words), END], [words, 1000])
    yield "1.1.8", Case([text("x" * 65_000), END], ["x" * 65_000, 1000], 997)
    for number, size in enumerate((0, 125, 126, 127, 128, 65_535, 65_536), 1):
        yield f"1.2.{number}", Case([frame(BINARY, b"\xfe" * size)], [1003])


def pings() -> Iterator[tuple[str, Case]]:
    for number, words in enumerate((b"", b"Hello", bytes(range(8)), b"x" * 125), 1):
        yield f"2.{number}", Case([frame(PING, words), END], [words, 1000])
    yield "2.5", Case([frame(PING, b"x" * 126)], [1002])
    yield "2.6", Case([frame(PING, b"x" * 125), END], [b"x" * 125, 1000], BY_BYTE)
    yield "2.7", Case([frame(PONG, b""), END], [1000])
    yield "2.8", Case([frame(PONG, b"unsolicited"), END], [1000])
    yield "2.9", Case([frame(PONG, b"unsolicited"), frame(PING, b"ping"), END], [b"ping", 1000])
    ten = [b"ping %d" % number for number in range(10)]
    yield "2.10", Case([*(frame(PING, each) for each in ten), END], [*ten, 1000])
    yield "2.11", Case([*(frame(PING, each) for each in ten), END], [*ten, 1000], BY_BYTE)


def reserved() -> Iterator[tuple[str, Case]]:
    yield "3.1", Case([text(reserved=1)], [1002])
    yield "3.2", Case([text("a"), text(reserved=2), frame(PING, b"")], ["a", 1002])
    yield "3.3", Case([text("a"), text(reserved=3), frame(PING, b"")], ["a", 1002], BY_FRAME)
    yield "3.4", Case([text("a"), text(reserved=4), frame(PING, b"")], ["a", 1002], BY_BYTE)
    yield "3.5", Case([frame(BINARY, b"x" * 8, reserved=5)], [1002])
    yield "3.6", Case([frame(PING, b"x" * 8, reserved=6)], [1002])
    yield "3.7", Case([frame(CLOSE, b"", reserved=7)], [1002])
    for section, first in (("4.1", 3), ("4.2", 11)):
        for number, opcode in enumerate(range(first, first + 5), 1):
            bad = frame(opcode, b"" if number == 1 else b"reserved opcode")
            if number < 3:
                yield f"{section}.{number}", Case([bad], [1002])
            else:
                piece = (TOGETHER, BY_FRAME, BY_BYTE)[number - 3]
                yield f"{section}.{number}", Case([text("a"), bad, frame(PING, b"")], ["a", 1002], piece)


def fragments() -> Iterator[tuple[str, Case]]:
    yield "5.1", Case([frame(PING, b"a", is_final=False), frame(OTHER, b"b")], [1002])
    yield "5.2", Case([frame(PONG, b"a", is_final=False), frame(OTHER, b"b")], [1002])
    two = said("fragment 1 fragment 2")
    in_two: list[Heard] = ["fragment 1 fragment 2", 1000]
    for number, piece in enumerate((TOGETHER, BY_FRAME, BY_BYTE)):
        first, second = pieces(two, 30)
        yield f"5.{3 + number}", Case([first, second, END], in_two, piece)
        yield f"5.{6 + number}", Case([first, frame(PING, b"ping"), second, END], [b"ping", *in_two], piece)
        yield f"5.{9 + number}", Case([frame(OTHER, b"nothing"), text()], [1002], piece)
        yield f"5.{12 + number}", Case([frame(OTHER, b"nothing", is_final=False), text()], [1002], piece)
    yield "5.15", Case([*pieces(two, 30), frame(OTHER, b"x", is_final=False), text()], [in_two[0], 1002])
    for number, is_final in ((16, False), (17, True)):
        again = [frame(OTHER, b"x", is_final=is_final), frame(TEXT, b"x"), frame(OTHER, b"y")]
        yield f"5.{number}", Case(again * 2, [1002])
    yield "5.18", Case([frame(TEXT, b"{", is_final=False), frame(TEXT, b"}")], [1002])
    a, b, c, d, e = pieces(two, 5, 10, 15, 25)
    five = [a, b, frame(PING, b"1"), c, d, frame(PING, b"2"), e, END]
    yield "5.19", Case(five, [b"1", b"2", *in_two], BY_FRAME)
    yield "5.20", Case(five, [b"1", b"2", *in_two])


# Sequences of 6.5 to 6.23, after Markus Kuhn's decoder test. A NUL cannot stand in JSON: 6.7.1 is left out.
PLANES: Final = tuple(chr(plane << 16 | low).encode().hex() for plane in range(17) for low in (0xFFFE, 0xFFFF))
VALID: Final = {
    "6.5": (KOSME.hex(),),
    "6.7": ("c280", "e0a080", "f0908080"),
    "6.9": ("7f", "dfbf", "efbfbf", "f48fbfbf"),
    "6.11": ("ed9fbf", "ee8080", "efbfbd", "f48fbfbf"),
    "6.22": PLANES,
    "6.23": tuple(chr(code).encode().hex() for code in range(0xFFF9, 0x10000)),
}
INVALID: Final = {
    "6.6": tuple(KOSME[:size].hex() for size in range(1, 10, 2)),
    "6.8": ("f888808080", "fc8480808080"),
    "6.10": ("f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf"),
    "6.11.5": ("f4908080",),
    "6.12": (*("80" * size for size in range(1, 8)), "bf", bytes(range(0x80, 0xBF)).hex()),
    "6.13": tuple(
        " ".join(f"{first:02x}20" for first in range(*span))
        for span in ((0xC0, 0xE0), (0xE0, 0xF0), (0xF0, 0xF8), (0xF8, 0xFC), (0xFC, 0xFE))
    ),
    "6.14": ("c0", "e080", "f08080", "f8808080", "fc80808080", "df", "efbf", "f7bfbf", "fbbfbfbf", "fdbfbfbfbf"),
    "6.15": ("c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf",),
    "6.16": ("fe", "ff", "fefeffff"),
    "6.17": ("c0af", "e080af", "f08080af", "f8808080af", "fc80808080af"),
    "6.18": ("c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf", "fc83bfbfbfbf"),
    "6.19": ("c080", "e08080", "f0808080", "f880808080", "fc8080808080"),
    "6.20": ("eda080", "edadbf", "edae80", "edafbf", "edb080", "edbe80", "edbfbf"),
    "6.21": tuple(high + low for high in ("eda080", "edadbf", "edae80", "edafbf") for low in ("edb080", "edbfbf")),
}


def utf_8() -> Iterator[tuple[str, Case]]:
    # An empty text is no JSON, which costs an answer.
    for number, parts in enumerate(([b""], [b"", b"", b""]), 1):
        frames = [frame(OTHER if at else TEXT, part, is_final=at == len(parts) - 1) for at, part in enumerate(parts)]
        yield f"6.1.{number}", Case([*frames, END], ["", 1000])
    yield "6.1.3", Case([*pieces(said("hi"), 0, len(said("hi"))), END], ["hi", 1000])
    whole, words = said("Hello-µ@ßöäüàá-UTF-8!!"), "Hello-µ@ßöäüàá-UTF-8!!"
    yield "6.2.1", Case([*pieces(whole), END], [words, 1000])
    yield "6.2.2", Case([*pieces(whole, whole.index("ß".encode())), END], [words, 1000])
    yield "6.2.3", Case([*pieces(whole, *range(1, len(whole))), END], [words, 1000])
    yield "6.2.4", Case([*pieces(said(KOSME), *range(1, len(said(KOSME)))), END], [KOSME.decode(), 1000])
    bad = said(KOSME + b"\xed\xa0\x80edited")
    yield "6.3.1", Case([frame(TEXT, bad)], [1007])
    yield "6.3.2", Case(pieces(bad, *range(1, len(bad))), [1007])
    for number, at in enumerate((34, 36, 37, 38), 1):
        yield f"6.4.{number}", Case(pieces(said(KOSME + b"\xf4\x90\x80\x80edited"), at, at + 1), [1007])
    for section, sequences in VALID.items():
        for number, sequence in enumerate(sequences, 1):
            good = bytes.fromhex(sequence).decode()
            yield f"{section}.{number} {sequence}", Case([text(good), END], [good, 1000])
    for section, sequences in INVALID.items():
        for number, sequence in enumerate(sequences, 1):
            yield f"{section}.{number} {sequence[:20]}", Case([text(bytes.fromhex(sequence))], [1007])


def closing() -> Iterator[tuple[str, Case]]:
    yield "7.1.1", Case([text("a"), END], ["a", 1000])
    yield "7.1.2", Case([END, END], [1000])
    yield "7.1.3", Case([END, frame(PING, b"late")], [1000])
    yield "7.1.4", Case([END, text("late")], [1000])
    first, second = pieces(said("late"), 10)
    yield "7.1.5", Case([first, END, second], [1000])
    yield "7.3.1", Case([close(None)], [1000])
    yield "7.3.2", Case([frame(CLOSE, b"a")], [1002])
    yield "7.3.3", Case([close(1000)], [1000])
    yield "7.3.4", Case([close(1000, b"Hello World!")], [1000])
    yield "7.3.5", Case([close(1000, b"x" * 123)], [1000])
    yield "7.3.6", Case([close(1000, b"x" * 124)], [1002])
    yield "7.5.1", Case([close(1000, KOSME + b"\xed\xa0\x80edited")], [1007])
    for number, code in enumerate((1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999), 1):
        yield f"7.7.{number}", Case([close(code)], [1000])
    for number, code in enumerate((0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999), 1):
        yield f"7.9.{number}", Case([close(code)], [1002])
    for number, code in enumerate((5000, 65_535), 1):
        yield f"7.13.{number}", Case([close(code)], [1002])


def automatic() -> Iterator[tuple[str, Case]]:
    words = "x" * (65_536 - len(said("")))
    yield "10.1.1", Case([*pieces(said(words), *range(1300, 65_536, 1300)), END], [words, 1000])


SECTIONS: Final[dict[str, Callable[[], Iterator[tuple[str, Case]]]]] = {
    "1": framing,
    "2": pings,
    "3 and 4": reserved,
    "5": fragments,
    "6": utf_8,
    "7": closing,
    "10": automatic,
}


def cut(case: Case) -> list[bytes]:
    if case.piece == BY_FRAME:
        return list(case.frames)
    whole = b"".join(case.frames)
    size = case.piece or len(whole)
    return [whole[at : at + size] for at in range(0, len(whole), size)]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """One person opens some two hundred sockets."""
    return replace(settings, limits=False)


@pytest.mark.parametrize("section", SECTIONS)
async def test_a_case_of_the_suite_ends_as_it_should(
    opens: Opens, ada: Actor, section: str, subtests: pytest.Subtests
) -> None:
    for number, case in SECTIONS[section]():
        with subtests.test(number):
            assert await plays(await opens(ada), case) == list(case.hears)


async def plays(raw: RawSocket, case: Case) -> list[Heard]:
    # Listening all along: a reset, for what comes after a goodbye, would take away what was not read before it.
    hearing = asyncio.create_task(hears(raw))
    for piece in cut(case):
        raw.writer.write(piece)
        if case.piece != TOGETHER:
            # To the kernel before the next one.
            await asyncio.sleep(0)
    heard = await hearing
    raw.sends(CLOSE, struct.pack("!H", 1000))
    async with asyncio.timeout(PATIENCE):
        with suppress(ConnectionResetError):
            assert await raw.reader.read() == b"", "Nothing comes after a goodbye."
    return heard


async def hears(raw: RawSocket) -> list[Heard]:
    heard: list[Heard] = []
    while not heard or not isinstance(heard[-1], int):
        found = await raw.hears()
        if found.opcode == TEXT:
            heard.append(found.json.get("ref") or "")
        elif found.opcode == PONG:
            heard.append(found.payload)
        else:
            assert found.opcode == CLOSE
            heard.append(struct.unpack("!H", found.payload[:2])[0])
    return heard
