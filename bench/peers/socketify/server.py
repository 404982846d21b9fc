"""socketify (uWebSockets): topics by subscribe and publish, with a token and a store."""

import json
import os

from socketify import App, AppListenOptions, OpCode
from store import Store

store = Store()
app = App()


def upgrade(res, req, socket_context):
    room, name = req.get_query("room"), store.name(req.get_query("token") or "")
    if name is None:
        res.write_status(403).end("")
        return
    res.upgrade(
        req.get_header("sec-websocket-key"),
        req.get_header("sec-websocket-protocol"),
        req.get_header("sec-websocket-extensions"),
        socket_context,
        {"name": name, "room": room},
    )


def opened(ws):
    room = ws.get_user_data()["room"]
    ws.send(json.dumps({"history": store.last(room)}), OpCode.TEXT)
    ws.subscribe(room)


def message(ws, text, opcode):
    who, data = ws.get_user_data(), json.loads(text)
    stored = store.add(who["room"], who["name"], data["send"])
    app.publish(who["room"], json.dumps({"messages": [stored]}), OpCode.TEXT)
    ws.send(json.dumps({"ref": data["ref"], "ok": True, "id": stored["id"]}), OpCode.TEXT)


# Its default drops who has 64 KiB unread, and every message for them with it.
app.ws("/ws", {"upgrade": upgrade, "open": opened, "message": message, "max_backpressure": 64 * 1024 * 1024})
app.listen(AppListenOptions(port=int(os.environ["PORT"]), host="127.0.0.1"), lambda config: None)
app.run()
