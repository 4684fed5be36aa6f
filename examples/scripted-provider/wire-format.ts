import type { Answer } from "./answer.ts";
import type { Asked } from "./asked.ts";

/** A request, as a format reads it. */
export interface WireRequest {
  readonly query: URLSearchParams;
  /** The model that the path names. Undefined: the body names it. */
  readonly model: string | undefined;
  /** The parsed body. Undefined: it is no JSON. */
  readonly body: unknown;
}

/** Reads requests of one format. A string says what is wrong with a request. */
export type Reader = (request: WireRequest) => Exchange | string;

/** A request that was read, and how its answer is written. */
export interface Exchange {
  readonly asked: Asked;
  readonly write: (answer: Answer) => Reply;
}

/** An answer in its wire format: one body, or a stream. */
export type Reply = WholeReply | StreamReply;

/** An answer that is one JSON document. */
export interface WholeReply {
  readonly body: string;
}

/** An answer that is a stream. */
export interface StreamReply {
  readonly contentType: string;
  /** Its events, each as a chunk of its own. */
  readonly chunks: readonly Chunk[];
  /** The event that says that the stream failed, after so many events were sent. */
  readonly error: (sent: number) => Chunk;
}

/** What goes out at once. */
export type Chunk = string | Buffer;

/** What went wrong, for a provider to tell in its own words. */
export interface Fault {
  readonly status: number;
  readonly message: string;
  /** Whether there is no such model. */
  readonly unknownModel: boolean;
  /** In how many seconds it is worth another try. Undefined: nobody knows. */
  readonly retryAfter: number | undefined;
}

/** A provider that is played. */
export interface Vendor {
  /** What all of its paths begin with. */
  readonly prefix: string;
  /** What follows in its base URL. */
  readonly base: string;
  /** All that may follow there. */
  readonly bases: RegExp;
  /** What it answers to POST, by the path that follows; a group named `model` is the model. The first match counts. */
  readonly routes: readonly (readonly [RegExp, Reader])[];
  /** The body of an error. */
  readonly error: (fault: Fault) => string;
  /** Headers of an error. */
  readonly errorHeaders?: (fault: Fault) => Readonly<Record<string, string>>;
  /** Where its list of models is. Default `/models`. */
  readonly modelsPath?: string;
  /** The body of that list. Undefined: it has none. */
  readonly models?: (names: readonly string[]) => string;
  /** Headers of every answer, by the request's id. */
  readonly headers: (id: string) => Readonly<Record<string, string>>;
}
