import type { IncomingHttpHeaders } from "node:http";

/** A request as the provider received it. */
export interface ReceivedRequest {
  readonly method: string;
  /** The path with its query. */
  readonly path: string;
  /** The headers, names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** The body as text. */
  readonly body: string;
  /** Whether the client hung up before the answer was whole. False as long as it is under way. */
  readonly aborted: boolean;
  /** Whether it is over: answered, cut or aborted. */
  readonly ended: boolean;
}

/** A request in the log, as the provider writes it. */
export interface RequestEntry {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  aborted: boolean;
  ended: boolean;
}

/** The last requests, oldest first. Holds `size` of them; older ones are forgotten. */
export class RequestLog {
  readonly #size: number;
  #entries: RequestEntry[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  get entries(): readonly ReceivedRequest[] {
    return this.#entries;
  }

  add(entry: RequestEntry): void {
    if (this.#size === 0) return;
    this.#entries.push(entry);
    if (this.#entries.length > this.#size) this.#entries.shift();
  }
}
