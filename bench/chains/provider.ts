import { createServer, type Socket } from "node:net";
import { ANSWER_KINDS, PACE_MS, plainAnswer, streamHead, streamPieces } from "./canned-answers.ts";
import { listenOnArgument } from "./listen.ts";
import { MessageReader } from "./message-reader.ts";

/*
 * The provider of the measurements, `node provider.ts <port>`: it answers every request with bytes that are ready, as
 * the first part of its path says: `/plain/…`, `/paced/…` (a chunk every 10 ms), `/burst/…` (100 chunks at once). It
 * looks at no more of a request than its head, so that it takes next to nothing of what is measured.
 */

const PLAIN = plainAnswer();
const HEAD = streamHead();
const BURST = Buffer.concat([HEAD, ...streamPieces("burst")]);
const PACED = streamPieces("paced");
const NOT_FOUND = Buffer.from("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");

listenOnArgument(createServer({ noDelay: true }, serve));

function serve(socket: Socket): void {
  const reader = new MessageReader();
  let pace: NodeJS.Timeout | undefined;
  socket.on("data", (piece) => {
    reader.push(piece);
    if (!reader.isOver) return;
    const kind = kindOf(reader.head);
    if (kind === "paced") pace = sendPaced(socket);
    else socket.write(kind === "plain" ? PLAIN : kind === "burst" ? BURST : NOT_FOUND);
  });
  // A caller that goes before its answer has ended is one whose round has ended.
  socket.on("error", () => socket.destroy());
  socket.on("close", () => clearInterval(pace));
}

/** Its head and first chunk at once, and a further one every 10 ms. */
function sendPaced(socket: Socket): NodeJS.Timeout {
  socket.cork();
  socket.write(HEAD);
  write(0);
  socket.uncork();
  let next = 1;
  const pace = setInterval(() => {
    write(next);
    next += 1;
    if (next === PACED.length) clearInterval(pace);
  }, PACE_MS);
  return pace;

  function write(index: number): void {
    const piece = PACED[index];
    if (piece !== undefined) socket.write(piece);
  }
}

/** The first part of the path. Undefined: it is none of the kinds there are. */
function kindOf(head: string) {
  const from = head.indexOf("/") + 1;
  const word = head.slice(from, head.indexOf("/", from));
  return ANSWER_KINDS.find((kind) => kind === word);
}
