"""The bus on the publish/subscribe of Redis or Valkey."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from chatapp.realtime.bus import Bus, Gone, Line

SECONDS: Final = 5.0
BEAT_SECONDS: Final = 10.0
# Whoever subscribes hears itself too: one that has not for so long hears nobody.
DEAF_SECONDS: Final = 3 * BEAT_SECONDS
BEAT: Final = b""
FAMILY: Final = (RedisError, OSError, TimeoutError)


class RedisLine(Line):
    """One connection that says and one that hears."""

    def __init__(self, client: Redis, pubsub: PubSub, bus: RedisBus) -> None:
        self._client = client
        self._pubsub = pubsub
        self._bus = bus
        self._heard_at = asyncio.get_running_loop().time()
        self.listening = asyncio.create_task(self._listen(), name="bus listens")

    async def send(self, hints: Sequence[bytes]) -> None:
        if self.listening.done():
            raise Gone("The subscription has ended.")
        if asyncio.get_running_loop().time() - self._heard_at > DEAF_SECONDS:
            raise Gone("The subscription hears nothing.")
        try:
            async with self._client.pipeline(transaction=False) as pipeline:
                for hint in hints or [BEAT]:
                    pipeline.publish(self._bus.channel, hint)
                receivers = await pipeline.execute()
        except FAMILY as error:
            raise Gone(str(error) or type(error).__name__) from error
        if not all(receivers):
            # Not even this process.
            raise Gone("The subscription is lost.")

    async def _listen(self) -> None:
        try:
            while True:
                said: Any = await self._pubsub.get_message(ignore_subscribe_messages=True, timeout=BEAT_SECONDS)
                if said is None:
                    continue
                self._heard_at = asyncio.get_running_loop().time()
                if said["data"] != BEAT:
                    self._bus.take(said["data"])
        except FAMILY:
            pass
        finally:
            self._bus.ended()


class RedisBus(Bus):
    """Of the processes that use the same channel there. Raises ``TypeError`` or ``ValueError`` for a wrong URL."""

    def __init__(self, url: str, channel: str) -> None:
        super().__init__()
        self._url = url
        self.channel = channel
        # It looks at what the URL asks for no sooner.
        self._client().connection_pool.make_connection()  # type: ignore[no-untyped-call]

    def _client(self) -> Redis:
        # It would connect and subscribe again by itself, and tell nobody what it has missed.
        return Redis.from_url(
            self._url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=SECONDS, socket_timeout=SECONDS
        )

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Line]:
        client = self._client()
        pubsub = client.pubsub()
        tasks: list[asyncio.Task[None]] = []
        try:
            await self._subscribe(pubsub)
            line = RedisLine(client, pubsub, self)
            tasks = [line.listening, asyncio.create_task(self._beat(), name="bus beats")]
            yield line
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with suppress(*FAMILY):
                await pubsub.aclose()  # type: ignore[no-untyped-call]
            with suppress(*FAMILY):
                await client.aclose()

    async def _subscribe(self, pubsub: PubSub) -> None:
        """Return once the server has said that this hears."""
        try:
            await pubsub.subscribe(self.channel)
            said = await pubsub.get_message(timeout=SECONDS)
        except FAMILY as error:
            raise Gone(str(error) or type(error).__name__) from error
        if not said or said["type"] != "subscribe":
            raise Gone("The subscription was not answered.")

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            self.ended()
