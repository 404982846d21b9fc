"""A push service on this machine, and browsers that are subscribed at it: they open what they are sent themselves."""

from __future__ import annotations

import asyncio
import base64
import importlib.util
import json
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import jwt
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.needs import needs

# What a chat needs to send anything there.
SETTINGS: Final[dict[str, Any]] = {"push_contact": "mailto:admin@example.org", "push_networks": ("127.0.0.0/8",)}
PATIENCE: Final = 30.0


def needs_push() -> None:
    needs("The extra push (http-ece)", is_there=importlib.util.find_spec("http_ece") is not None)


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def opened(body: bytes, private: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """RFC 8188 and 8291, written down a second time."""
    salt, (size, length) = body[:16], struct.unpack("!LB", body[16:21])
    theirs, sealed = body[21 : 21 + length], body[21 + length :]
    assert len(sealed) <= size
    shared = private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
    info = b"WebPush: info\0" + point(private.public_key()) + theirs
    secret = HKDF(hashes.SHA256(), 32, auth, info).derive(shared)
    key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(secret)
    nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(secret)
    plain = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0")
    assert plain.endswith(b"\x02")
    return plain[:-1]


@dataclass
class Delivery:
    """A request, as the push service got it."""

    path: str
    headers: dict[str, str]
    body: bytes


class PushBrowser:
    """One that is subscribed, with keys of its own."""

    def __init__(self, service: PushService, path: str) -> None:
        self.service = service
        self.path = path
        self.auth = os.urandom(16)
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.endpoint = f"{service.url}{path}"

    def subscription(self, key: str) -> dict[str, str]:
        public = encoded(point(self.private.public_key()))
        return {"endpoint": self.endpoint, "p256dh": public, "auth": encoded(self.auth), "key": key}

    def notices(self) -> list[dict[str, Any]]:
        """What it was sent, opened."""
        mine = [each for each in self.service.taken if each.path == self.path]
        return [json.loads(opened(each.body, self.private, self.auth)) for each in mine]

    async def gets(self, count: int) -> list[dict[str, Any]]:
        """The same, once it is so much."""
        await self.service.until(lambda: len(self.notices()) >= count)
        found = self.notices()
        assert len(found) == count, found
        return found


class PushService:
    """Takes what comes, unless ``answers`` says otherwise: statuses by path, used up from the front."""

    def __init__(self) -> None:
        self.taken: list[Delivery] = []
        self.refused: list[Delivery] = []
        self.answers: dict[str, list[tuple[int, dict[str, str]]]] = {}
        self.url = ""
        self.check = True
        # While it is not set, nothing is answered.
        self.held: asyncio.Event | None = None
        self.seen = 0
        self._count = 0
        self._came = asyncio.Event()

    def browser(self) -> PushBrowser:
        self._count += 1
        return PushBrowser(self, f"/push/{self._count}")

    async def take(self, request: web.Request) -> web.Response:
        delivery = Delivery(request.path, dict(request.headers), await request.read())
        self.seen += 1
        self._came.set()
        if self.held is not None:
            await self.held.wait()
        if self.check:
            self._check(delivery)
        planned = self.answers.get(request.path, [])
        status, headers = planned.pop(0) if planned else (201, {})
        (self.taken if status == 201 else self.refused).append(delivery)
        self._came.set()
        return web.Response(status=status, headers=headers)

    def _check(self, delivery: Delivery) -> None:
        """As RFC 8030 and 8292 have it."""
        scheme, _, rest = delivery.headers["Authorization"].partition(" ")
        parts = dict(each.strip().split("=", 1) for each in rest.split(","))
        assert scheme == "vapid"
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(parts["k"]))
        claims = jwt.decode(
            parts["t"], key, algorithms=["ES256"], audience=self.url, options={"verify_exp": False, "require": ["exp"]}
        )
        assert claims["sub"] == "mailto:admin@example.org"
        assert delivery.headers["Content-Encoding"] == "aes128gcm"
        assert int(delivery.headers["TTL"]) > 0
        assert len(delivery.headers["Topic"]) <= 32
        assert len(delivery.body) <= 4096

    async def until(self, condition: Any) -> None:
        """Return once it is so, looked at with each delivery."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._came.clear()
                await self._came.wait()


@asynccontextmanager
async def push_service() -> AsyncIterator[PushService]:
    needs_push()
    service = PushService()
    app = web.Application()
    app.router.add_post("/push/{number}", service.take)
    async with TestServer(app) as server:
        service.url = str(server.make_url("")).rstrip("/")
        yield service
