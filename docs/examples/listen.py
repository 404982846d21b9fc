"""Prints what is said in #general as it is said."""

import asyncio
import json
import os

from websockets.asyncio.client import connect


async def main() -> None:
    url = os.environ["CHAT_URL"].replace("http", "ws", 1) + "/ws"
    headers = {"Authorization": "Bearer " + os.environ["CHAT_TOKEN"]}
    async with connect(url, additional_headers=headers) as socket:
        await socket.send(json.dumps({"action": "subscribe", "room": "general", "limit": 10}))
        async for frame in socket:
            for message in json.loads(frame).get("messages", []):
                print(message["username"] + ": " + message.get("content", ""), flush=True)


asyncio.run(main())
