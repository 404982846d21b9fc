// What all Node peers share: people by token, and messages in SQLite, each committed before it is told.
import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";

const db = new DatabaseSync(process.env.DATABASE);
db.exec("PRAGMA journal_mode = WAL");
db.exec(`PRAGMA synchronous = ${process.env.SYNCHRONOUS}`);
const who = db.prepare("SELECT name FROM people WHERE token = ?");
const recent = db.prepare("SELECT id, author, content, at FROM messages WHERE room = ? ORDER BY id DESC LIMIT 50");
const insert = db.prepare("INSERT INTO messages (room, author, content, at) VALUES (?, ?, ?, ?)");

export const name = (token) => who.get(createHash("sha256").update(token).digest("hex"))?.name;
export const last = (room) => recent.all(room).reverse();
export function add(room, author, content) {
  const at = Date.now();
  const { lastInsertRowid } = insert.run(room, author, content, at);
  return { id: Number(lastInsertRowid), author, content, at };
}
