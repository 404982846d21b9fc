"""FastAPI's "handling disconnections and multiple clients", with a token, rooms and a store."""

import json
import os
from collections import defaultdict

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect, WebSocketException, status
from store import Store

app = FastAPI()
store = Store()


class ConnectionManager:
    def __init__(self):
        self.active_connections = defaultdict(list)

    def connect(self, websocket: WebSocket, room: str):
        self.active_connections[room].append(websocket)

    def disconnect(self, websocket: WebSocket, room: str):
        self.active_connections[room].remove(websocket)

    async def broadcast(self, message: str, room: str):
        for connection in self.active_connections[room]:
            await connection.send_text(message)


manager = ConnectionManager()


@app.websocket("/ws")
async def websocket_endpoint(websocket: WebSocket, token: str, room: str):
    name = store.name(token)
    if name is None:
        raise WebSocketException(code=status.WS_1008_POLICY_VIOLATION)
    await websocket.accept()
    await websocket.send_json({"history": store.last(room)})
    manager.connect(websocket, room)
    try:
        while True:
            data = await websocket.receive_json()
            message = store.add(room, name, data["send"])
            await manager.broadcast(json.dumps({"messages": [message]}), room)
            await websocket.send_json({"ref": data["ref"], "ok": True, "id": message["id"]})
    except WebSocketDisconnect:
        manager.disconnect(websocket, room)


uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning")
