"""Password hashing as the loop sees it: elsewhere, one at a time."""

from __future__ import annotations

import asyncio

from chatapp.core.passwords import Hasher


async def make(hasher: Hasher, password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(hasher.worker, hasher.hash, password)


async def is_right(hasher: Hasher, password: str, password_hash: str) -> bool:
    return await asyncio.get_running_loop().run_in_executor(hasher.worker, hasher.is_right, password, password_hash)
