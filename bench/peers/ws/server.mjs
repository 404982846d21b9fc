// The "server broadcast" of ws' documentation, with a token, rooms and a store.
import { WebSocketServer, WebSocket } from "ws";
import { add, last, name } from "../store.mjs";

const rooms = new Map();
const wss = new WebSocketServer({ host: "127.0.0.1", port: Number(process.env.PORT) });

wss.on("connection", (ws, request) => {
  const query = new URL(request.url, "http://localhost").searchParams;
  const room = query.get("room");
  const author = name(query.get("token"));
  if (author === undefined) return ws.close(1008);
  ws.send(JSON.stringify({ history: last(room) }));
  if (!rooms.has(room)) rooms.set(room, new Set());
  rooms.get(room).add(ws);
  ws.on("close", () => rooms.get(room).delete(ws));
  ws.on("message", (text) => {
    const data = JSON.parse(text);
    const message = add(room, author, data.send);
    const frame = JSON.stringify({ messages: [message] });
    rooms.get(room).forEach((client) => {
      if (client.readyState === WebSocket.OPEN) client.send(frame);
    });
    ws.send(JSON.stringify({ ref: data.ref, ok: true, id: message.id }));
  });
});
