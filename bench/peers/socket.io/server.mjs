// socket.io's rooms and acknowledgements, with a token and a store.
import { createServer } from "node:http";
import { Server } from "socket.io";
import { add, last, name } from "../store.mjs";

const http = createServer();
const io = new Server(http);

io.on("connection", (socket) => {
  const { room, token } = socket.handshake.query;
  const author = name(token);
  if (author === undefined) return socket.disconnect(true);
  socket.emit("history", last(room));
  socket.join(room);
  socket.on("send", (text, answer) => {
    const message = add(room, author, text);
    io.to(room).emit("message", message);
    answer({ ok: true, id: message.id });
  });
});
http.listen(Number(process.env.PORT), "127.0.0.1");
