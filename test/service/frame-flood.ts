import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** Frames of HTTP/2 that cost their sender nothing, and that a server must answer. */
export const FLOODS = {
  PING: frameOf(6, Buffer.alloc(8)),
  SETTINGS: frameOf(4, Buffer.alloc(0)),
} as const;

/** A client that sends frames as fast as it can. */
export interface FrameFlood extends Disposable {
  /** Resolves when so many were sent, or the server has closed the connection: whether it has. */
  readonly isThrownOut: Promise<boolean>;
}

const PREFACE = Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), FLOODS.SETTINGS]);
const AT_ONCE = 500;
/** A server that takes no more for so long is waited for no longer, in milliseconds. */
const STALLED_MS = 500;

/** Connects, and sends a frame `times` over. `reads`: whether it takes what it is answered. */
export async function startFlood(
  address: string,
  frame: Buffer,
  { times, reads }: { readonly times: number; readonly reads: boolean },
): Promise<FrameFlood> {
  const [host = "", port] = address.split(":");
  const socket = connect(Number(port), host).on("error", () => {});
  await once(socket, "connect");
  if (reads) socket.resume();
  else socket.pause();
  socket.write(PREFACE);
  return { isThrownOut: flood(socket, frame, times), [Symbol.dispose]: () => socket.destroy() };
}

async function flood(socket: Socket, frame: Buffer, times: number): Promise<boolean> {
  const frames = Buffer.concat(Array.from({ length: AT_ONCE }, () => frame));
  const closed = once(socket, "close").catch(() => {});
  for (let sent = 0; sent < times && !socket.destroyed; sent += AT_ONCE) {
    if (socket.write(frames, () => {})) await new Promise(setImmediate);
    else await Promise.race([once(socket, "drain").catch(() => {}), closed, delay(STALLED_MS)]);
  }
  return socket.destroyed;
}

function frameOf(type: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  return Buffer.concat([head, payload]);
}
