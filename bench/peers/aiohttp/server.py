"""aiohttp's WebSocket handler and its chat demo's loop of send_str, with a token, rooms and a store."""

import json
import os
from collections import defaultdict

from aiohttp import WSMsgType, web
from store import Store

store = Store()
rooms = defaultdict(list)


async def websocket_handler(request):
    room, name = request.query["room"], store.name(request.query["token"])
    if name is None:
        raise web.HTTPForbidden
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    await ws.send_json({"history": store.last(room)})
    rooms[room].append(ws)
    try:
        async for msg in ws:
            if msg.type == WSMsgType.TEXT:
                data = json.loads(msg.data)
                message = store.add(room, name, data["send"])
                text = json.dumps({"messages": [message]})
                for other in rooms[room]:
                    await other.send_str(text)
                await ws.send_json({"ref": data["ref"], "ok": True, "id": message["id"]})
    finally:
        rooms[room].remove(ws)
    return ws


app = web.Application()
app.add_routes([web.get("/ws", websocket_handler)])
web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), access_log=None, print=None)
