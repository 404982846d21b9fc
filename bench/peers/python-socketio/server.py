"""python-socketio on uvicorn: rooms by enter_room and emit, with a token and a store."""

import os
from urllib.parse import parse_qs

import socketio
import uvicorn
from store import Store

store = Store()
sio = socketio.AsyncServer(async_mode="asgi", always_connect=True)
app = socketio.ASGIApp(sio)


@sio.event
async def connect(sid, environ):
    query = parse_qs(environ["QUERY_STRING"])
    room, name = query["room"][0], store.name(query["token"][0])
    if name is None:
        return False
    await sio.save_session(sid, {"name": name, "room": room})
    await sio.emit("history", store.last(room), to=sid)
    await sio.enter_room(sid, room)
    return True


@sio.event
async def send(sid, text):
    session = await sio.get_session(sid)
    message = store.add(session["room"], session["name"], text)
    await sio.emit("message", message, room=session["room"])
    return {"ok": True, "id": message["id"]}


uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning")
