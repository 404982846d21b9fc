"""The broadcast of websockets' documentation, with a token, rooms and a store."""

import asyncio
import json
import os
from collections import defaultdict
from urllib.parse import parse_qs, urlsplit

from store import Store
from websockets.asyncio.server import broadcast, serve

store = Store()
rooms = defaultdict(set)


async def handler(websocket):
    query = parse_qs(urlsplit(websocket.request.path).query)
    room, name = query["room"][0], store.name(query["token"][0])
    if name is None:
        await websocket.close(1008)
        return
    await websocket.send(json.dumps({"history": store.last(room)}))
    rooms[room].add(websocket)
    try:
        async for text in websocket:
            data = json.loads(text)
            message = store.add(room, name, data["send"])
            broadcast(rooms[room], json.dumps({"messages": [message]}))
            await websocket.send(json.dumps({"ref": data["ref"], "ok": True, "id": message["id"]}))
    finally:
        rooms[room].remove(websocket)


async def main():
    async with serve(handler, "127.0.0.1", int(os.environ["PORT"])) as server:
        await server.serve_forever()


asyncio.run(main())
