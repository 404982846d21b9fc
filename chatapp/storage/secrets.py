"""The keys of this installation: made at its first start, kept in one file that only its owner may read."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path
from typing import Final

import msgspec

from chatapp.storage.blobs import make_folder, sync

FILE: Final = "secrets.json"
KEY_BYTES: Final = 32


class SecretsError(Exception):
    """The file cannot be trusted; the sentence says what to do."""


class Secrets(msgspec.Struct, frozen=True):
    """Newest key first everywhere: the first one signs, every one is still accepted."""

    session_keys: tuple[str, ...]
    jwt_keys: dict[str, str]
    csrf_key: str
    old_csrf_keys: tuple[str, ...] = ()

    @property
    def csrf_keys(self) -> tuple[str, ...]:
        """For forms, and for what is derived from them: device cookies."""
        return self.csrf_key, *self.old_csrf_keys

    @property
    def count_of_old(self) -> int:
        return len(self.session_keys) - 1 + len(self.jwt_keys) - 1 + len(self.old_csrf_keys)

    @property
    def fingerprint(self) -> str:
        """Tells these keys from others, and not what they are."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()

    def setup_code(self, epoch: str) -> str:
        """Opens the first account of that life of the database: the same in every process and after every start."""
        mac = hmac.digest(self.csrf_key.encode(), f"setup {epoch}".encode(), "sha256")
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def load(folder: Path) -> Secrets:
    """The keys in that folder, both made where they are missing. Raises :class:`SecretsError`."""
    make_folder(folder, 0o700)
    path = folder / FILE
    try:
        return _create(path)
    except FileExistsError:
        return _read(path)


def rotate(folder: Path) -> Secrets:
    """New keys in front of those there are, which stay valid. Raises :class:`SecretsError`."""
    old = load(folder)
    return _replace(
        folder,
        Secrets(
            (_key(), *old.session_keys),
            {secrets.token_hex(8): _key(), **old.jwt_keys},
            _key(),
            old.csrf_keys,
        ),
    )


def forget_old(folder: Path) -> Secrets:
    """Only the newest keys stay. Raises :class:`SecretsError`."""
    kept = load(folder)
    kid, key = next(iter(kept.jwt_keys.items()))
    return _replace(folder, Secrets(kept.session_keys[:1], {kid: key}, kept.csrf_key))


def _create(path: Path) -> Secrets:
    """Raises ``FileExistsError``. Whole from the first moment: others may start on the same folder at the same time."""
    if path.is_symlink() or path.exists():
        raise FileExistsError
    draft = path.with_name(f"{FILE}.{secrets.token_hex(8)}")
    try:
        content = _write(draft, Secrets((_key(),), {secrets.token_hex(8): _key()}, _key()))
        _publish(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync(path.parent)
    return content


def _publish(draft: Path, path: Path) -> None:
    """Of two starts at once one makes the keys. Raises ``FileExistsError`` for the other."""
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links, such as FAT and many of FUSE.
        draft.rename(path)


def _write(path: Path, content: Secrets) -> Secrets:
    # O_EXCL: it follows no link that somebody laid out.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(content)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return content


def of_backup(path: Path) -> bytes:
    """The content of a file of keys, which is whole and no link; whoever may read it. Raises :class:`SecretsError`."""
    try:
        # Without waiting: a pipe laid out in its place has no end.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
            content = file.read() if is_file else b""
    except OSError as error:
        why = "it is a link" if path.is_symlink() else error.strerror
        raise SecretsError(f"{path} cannot be read: {why}.") from None
    _parse(path, content)
    return content


def _replace(folder: Path, content: Secrets) -> Secrets:
    """Whole or not at all: a crash leaves the old file or the new one."""
    draft = folder / f"{FILE}.new"
    draft.unlink(missing_ok=True)
    _write(draft, content)
    draft.rename(folder / FILE)
    sync(folder)
    return content


def _read(path: Path) -> Secrets:
    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
    except OSError as error:
        raise SecretsError(f"{path} cannot be read: {error.strerror}.") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SecretsError(
            f"{path} can be read by others (its mode is {stat.S_IMODE(mode):04o}). "
            f"If nobody has copied it, run: chmod 600 {path}"
        )
    return _parse(path, content)


def _parse(path: Path, content: bytes) -> Secrets:
    try:
        found = msgspec.json.decode(content, type=Secrets)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SecretsError(
            f"{path} is damaged ({error}). Restore it, or delete it: then everybody logs in again."
        ) from None
    _refuse_weak(path, found)
    return found


def _refuse_weak(path: Path, found: Secrets) -> None:
    keys = [*found.session_keys, *found.jwt_keys.values(), *found.csrf_keys]
    if not found.session_keys or not found.jwt_keys or not all(_is_strong(key) for key in keys):
        raise SecretsError(f"{path} lacks a key, or has one that is not {KEY_BYTES} bytes in URL-safe base64.")


def _key() -> str:
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


def _is_strong(key: str) -> bool:
    try:
        return len(base64.b64decode(key, altchars=b"-_", validate=True)) == KEY_BYTES
    except (ValueError, binascii.Error):
        return False
