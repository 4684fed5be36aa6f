import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";

const HEADER_BYTES = 12;
const TYPE_A = 1;
const NO_SUCH_NAME = 3;
const FAILED = 2;
/** An answer, and one that speaks for its names. */
const ANSWER_FLAGS = 0x8400;
/** "The name of the question", and what an address is: class IN, for no time at all, four bytes. */
const ADDRESS_RECORD = Buffer.from([0xc0, HEADER_BYTES, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4]);

/** A DNS server on loopback that knows a few names and their IPv4 addresses, which may change at any time. */
export class NameServer implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #names = new Map<string, readonly string[]>();
  /** Whether it fails whatever it is asked. */
  fails = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("message", (question, from) => this.#answer(question, from));
  }

  /** `127.0.0.1:port`, as targets name it: `dns://127.0.0.1:port/name:port`. */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  /** From now on the name has these addresses. None: it exists, and has none. */
  set(name: string, addresses: readonly string[]): void {
    this.#names.set(name, addresses);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed;
  }

  #answer(question: Buffer, from: RemoteInfo): void {
    const { name, end } = nameIn(question);
    const known = this.#names.get(name);
    const addresses = question.readUInt16BE(end) === TYPE_A && !this.fails ? (known ?? []) : [];
    const header = Buffer.alloc(HEADER_BYTES);
    question.copy(header, 0, 0, 2);
    header.writeUInt16BE(ANSWER_FLAGS | codeOf(this.fails, known), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(addresses.length, 6);
    const records = addresses.flatMap((address) => [ADDRESS_RECORD, Buffer.from(address.split(".").map(Number))]);
    this.#socket.send(
      Buffer.concat([header, question.subarray(HEADER_BYTES, end + 4), ...records]),
      from.port,
      from.address,
    );
  }
}

/** Starts one on a free port. */
export async function startNameServer(): Promise<NameServer> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return new NameServer(socket);
}

function codeOf(fails: boolean, known: readonly string[] | undefined): number {
  if (fails) return FAILED;
  return known === undefined ? NO_SUCH_NAME : 0;
}

/** The name that is asked for, and where it ends. */
function nameIn(question: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
    labels.push(question.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), end: at + 1 };
}
