"""What a file may be called, what it is by its first bytes, and under which addresses it is found."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Annotated, Final
from urllib.parse import quote

import msgspec

from chatapp.core.errors import invalid
from chatapp.core.language import _
from chatapp.core.models import Attach, Attachment
from chatapp.core.names import is_misleading
from chatapp.core.text import has_surrogate

LONGEST_NAME: Final = 200
LONGEST_ALT: Final = 500
MOST_FILES: Final = 10
LONGEST_KIND: Final = 5
NAMELESS: Final = "file"
UNKNOWN_TYPE: Final = "application/octet-stream"
HEAD: Final = 16
UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB")
STEP: Final = 1024
# Up to there a decimal says something.
FEW: Final = 10
# The box, in pixels of the page, in which a picture stands in a conversation.
WIDEST: Final = 480
HIGHEST: Final = 360

FileId = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,15}\Z")]


class NewAttachment(msgspec.Struct, frozen=True):
    """A file to send along, as clients name it; its id alone will do."""

    id: FileId
    alt: str | None = None


class Description(msgspec.Struct, frozen=True):
    """What a file of a message shows, as clients say it; "" for nothing."""

    id: FileId
    alt: str


def wished(attachments: Sequence[FileId | NewAttachment | Description]) -> tuple[Attach, ...]:
    """The same for the domain."""
    return tuple(
        Attach(int(each)) if isinstance(each, str) else Attach(int(each.id), each.alt or "") for each in attachments
    )


def file_name(value: str) -> str:
    """The last part of what may be a path, one line, with nothing in it that turns or hides. Raises ``Invalid``."""
    if has_surrogate(value):
        raise invalid("name", _("The name of this file is not text."))
    last = unicodedata.normalize("NFC", value.replace("\\", "/").rpartition("/")[2])
    if len(last) > LONGEST_NAME:
        raise invalid("name", _("The name of a file has at most {n} characters.").format(n=LONGEST_NAME))
    clean = " ".join("".join("_" if is_misleading(f"x{each}x") else each for each in last).split())
    if is_misleading(clean):
        raise invalid("name", _("There are characters in the name of this file that cannot be shown."))
    # "." and ".." mean a place in every path.
    return clean if clean.strip(". ") else NAMELESS


def alternative(value: str) -> str:
    """What a picture shows, in words, on one line; may be empty. Raises ``Invalid``."""
    clean = " ".join(unicodedata.normalize("NFC", value).split())
    if len(clean) > LONGEST_ALT:
        raise invalid("alt", _("A description has at most {n} characters.").format(n=LONGEST_ALT))
    if is_misleading(clean):
        raise invalid("alt", _("There are characters in this that cannot be shown."))
    return clean


def may_be_picture(head: bytes) -> bool:
    """By the first :data:`HEAD` bytes, whatever name and type somebody gives: PNG, JPEG, GIF, WebP or AVIF."""
    return (
        head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a"))
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or head[4:12] in {b"ftypavif", b"ftypavis"}
    )


def address(slug: str, attachment: Attachment) -> str:
    """Where the file itself is, to keep."""
    return f"/rooms/{slug}/files/{attachment.id}/{quote(attachment.name, safe='')}"


def thumbnail(slug: str, attachment: Attachment) -> str:
    """Where a small copy of a picture is; empty for all else."""
    return f"/rooms/{slug}/thumbnails/{attachment.id}" if attachment.is_picture else ""


def picture(slug: str, attachment: Attachment) -> str:
    """Where a large copy of a picture is; empty for all else."""
    return f"/rooms/{slug}/pictures/{attachment.id}" if attachment.is_picture else ""


def box(attachment: Attachment) -> tuple[int, int]:
    """Width and height in a conversation: never larger than the picture is, never none."""
    share = min(1.0, WIDEST / attachment.width, HIGHEST / attachment.height)
    return max(1, round(attachment.width * share)), max(1, round(attachment.height * share))


def size(number: int) -> str:
    """Bytes in the unit that fits (IEC 80000-13), as limits are set: 999 B, 1.5 KiB, 25 MiB. ``sizeOf`` of our scripts
    writes the same."""
    value, unit = float(number), 0
    while round(value) >= STEP and unit < len(UNITS) - 1:
        value, unit = value / STEP, unit + 1
    shown = f"{value:.1f}".removesuffix(".0") if unit and round(value, 1) < FEW else f"{round(value)}"
    return f"{shown} {UNITS[unit]}"


def kind(name: str) -> str:
    """The ending of a name in capitals, as people know kinds of files; empty where it has none."""
    ending = name.rpartition(".")[2] if "." in name.strip(".") else ""
    return ending.upper() if ending.isascii() and ending.isalnum() and len(ending) <= LONGEST_KIND else ""
