"""Static files from memory, under an address that holds a hash of their content: cached for ever, never stale."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import re
from functools import cache, cached_property
from pathlib import Path, PurePosixPath
from typing import Final

from aiohttp import hdrs, web

from chatapp.core.errors import NotFound
from chatapp.places import folder
from chatapp.web.packing import coding, pack_smallest

HASH_CHARACTERS: Final = 12
STYLES: Final = "app.css"
FOREVER: Final = "public, max-age=31536000, immutable"
# Opened by itself, a file may do nothing at all. The long lists of a page would be a tenth of a first view's bytes.
BY_ITSELF: Final = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
REMARKED: Final = frozenset({".css", ".js"})
COMPRESSED: Final = frozenset({".css", ".js", ".json", ".svg"})
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
}

# What no sheet of ours holds in a string.
_around: Final = re.compile(rb"\s*([{};,])\s*")
_declared: Final = re.compile(rb"((?<=[{;])[\w-]+:)\s+")
# Whole lines only, so that no string or pattern is taken for one.
_remark: Final = re.compile(rb"^[ \t]*(?:/\*.*?\*/|//[^\n]*)[ \t]*$", re.DOTALL | re.MULTILINE)
# No string of ours goes over the end of a line.
_indent: Final = re.compile(rb"^[ \t]+", re.MULTILINE)


class Asset:
    """One file as it is sent."""

    def __init__(self, body: bytes, suffix: str) -> None:
        self.body: Final = body
        self.content_type: Final = TYPES[suffix]
        self._is_text: Final = suffix in COMPRESSED
        self._smallest = b""

    @cached_property
    def compressed(self) -> bytes:
        """Empty where that gains nothing. Made when first asked for: all of them would be a tenth of a start."""
        # mtime=0: the same bytes in every process.
        compressed = gzip.compress(self.body, mtime=0) if self._is_text else b""
        return compressed if len(compressed) < len(self.body) else b""

    async def packed(self, name: str) -> bytes:
        """As ``name`` has it, which :func:`coding` gives; empty where that gains nothing."""
        if name != "br" or not self.compressed:
            return self.compressed if name else b""
        # Off the event loop: a large one takes half a second. Two who ask at once make the same bytes twice.
        self._smallest = self._smallest or await asyncio.to_thread(pack_smallest, self.body)
        return self._smallest


class Sheet(str):
    """Styles of our own: templates print them as they are."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


class Assets:
    """All of static/, read once, for the first page: a start need not wait for it. While developing, read again for
    each request."""

    def __init__(self, root: Path, *, is_debug: bool = False) -> None:
        self._root = root
        self._is_debug = is_debug

    def url(self, path: str) -> str:
        """The address of a file. Raises ``KeyError`` for one that does not exist: a page must not link into nothing."""
        if self._is_debug:
            self._read_again()
        if path not in self._files:
            raise KeyError(path)
        return f"/static/{self._hashes[_group(path)]}/{path}"

    @property
    def sheet(self) -> Sheet:
        """All styles, for a page that holds them itself."""
        return Sheet(self._files[STYLES].body.decode())

    @property
    def sheet_source(self) -> str:
        """The same as a content policy names it: these bytes and no others."""
        return f"'sha256-{base64.b64encode(hashlib.sha256(self._files[STYLES].body).digest()).decode()}'"

    def named(self, path: str) -> Asset:
        """One of ours, for an address without a hash."""
        return self._files[path]

    def find(self, digest: str, path: str) -> Asset:
        """Looked up, never opened: no spelling of ``path`` leads out of static/. Raises ``NotFound``."""
        asset = self._files.get(path)
        if asset is None or digest != self._hashes[_group(path)]:
            raise NotFound
        return asset

    @cached_property
    def _files(self) -> dict[str, Asset]:
        return _load(self._root)

    @cached_property
    def _hashes(self) -> dict[str, str]:
        groups: dict[str, hashlib._Hash] = {}
        for path, asset in sorted(self._files.items()):
            group = groups.setdefault(_group(path), hashlib.sha256())
            group.update(path.encode() + b"\0" + asset.body)
        return {name: group.hexdigest()[:HASH_CHARACTERS] for name, group in groups.items()}

    def _read_again(self) -> None:
        for kept in ("_files", "_hashes"):
            self.__dict__.pop(kept, None)


ASSETS: Final = web.AppKey("assets", Assets)


# Cached as the templates are: the same for every application of a process.
@cache
def shipped(*, is_debug: bool) -> Assets:
    """Those that come with the program."""
    return Assets(folder("static"), is_debug=is_debug)


async def show(request: web.Request) -> web.StreamResponse:
    asset = request.config_dict[ASSETS].find(request.match_info["digest"], request.match_info["path"])
    kept: dict[str, str] = {hdrs.CACHE_CONTROL: FOREVER, hdrs.VARY: hdrs.ACCEPT_ENCODING}
    headers = {hdrs.CONTENT_TYPE: asset.content_type, **kept, **BY_ITSELF}
    name = coding(request)
    packed = await asset.packed(name)
    if packed:
        headers[hdrs.CONTENT_ENCODING] = name
    return web.Response(body=packed or asset.body, headers=headers)


def _load(root: Path) -> dict[str, Asset]:
    files = {STYLES: _asset(STYLES, _styles(root / "css"))}
    for file in root.rglob("*"):
        path = file.relative_to(root).as_posix()
        if file.is_file() and _group(path) != "css" and file.suffix in TYPES:
            files[path] = _asset(path, file.read_bytes())
    return files


def _styles(folder: Path) -> bytes:
    """The sheets in the order that css/ORDER gives, as one file without remarks and needless space."""
    names = [line.strip() for line in (folder / "ORDER").read_text().splitlines()]
    sheets = [(folder / name).read_bytes() for name in names if name and not name.startswith("#")]
    return b"\n".join(_kept(_declared, _kept(_around, _remark.sub(b"", sheet))).strip() for sheet in sheets)


def _kept(pattern: re.Pattern[bytes], sheet: bytes) -> bytes:
    """Of what matches, only the group. ``sub`` takes four times as long, of which every start would tell."""
    return b"".join(pattern.split(sheet))


def _asset(path: str, body: bytes) -> Asset:
    suffix = PurePosixPath(path).suffix
    if suffix in REMARKED:
        # Its lines stay, so that an error names the line of the file.
        body = _indent.sub(b"", _remark.sub(lambda remark: b"\n" * remark[0].count(b"\n"), body))
    return Asset(body, suffix)


def _group(path: str) -> str:
    """Modules import each other by relative address, so a folder shares one hash."""
    return path.partition("/")[0]
