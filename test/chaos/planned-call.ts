import { seededRandom } from "../../tools/seeded-random.ts";
import { WAYS, type Way } from "../callers/otlp-sender.ts";
import { CHAT_ENDPOINTS, EMBEDDING_ENDPOINT } from "./chaos-endpoints.ts";
import { type Asked, REQUEST_FORMS } from "./request-forms.ts";

/** A call as it will be made, whatever happens then. */
export interface PlannedCall {
  /** What the full trace is known by: the session that the caller names. */
  readonly id: string;
  /**
   * The question's first word, which no other call has: payload, to be found in its own full trace and answer and
   * nowhere else.
   */
  readonly canary: string;
  readonly form: string;
  readonly asked: Asked;
  /** The caller's span, whose trace it shares with its neighbours. */
  readonly traceId: string;
  readonly spanId: string;
  readonly context: Context;
  /** The `traceparent` it sends. Undefined: none. */
  readonly traceparent: string | undefined;
  /** How its agent sends its own span afterwards. Undefined: it sends none. */
  readonly agent: Way | undefined;
  /** The caller hangs up after so many bytes. Undefined: it does not. */
  readonly hangUpAfterBytes: number | undefined;
  /** Whether it goes to the gateway straight, over gRPC. */
  readonly byGrpc: boolean;
  /** How long its caller thinks before it calls, in milliseconds. */
  readonly pauseMs: number;
}

/** What a caller says of its own trace. */
export type Context = "sampled" | "unsampled" | "malformed" | "none";

/** So many calls in a row are made in one agent's trace. */
const CALLS_A_TRACE = 3;

/** The call of that number: the same for the same seed. */
export function plannedCall(seed: number, number: number): PlannedCall {
  const random = seededRandom(seed * 1_000_003 + number);
  const trace = seededRandom(seed * 1_000_003 + 500_000_000 + Math.floor(number / CALLS_A_TRACE));
  const traceId = hexOf(trace, 32);
  const spanId = hexOf(random, 16);
  const canary = `canary-${hexOf(random, 16)}`;
  const context = weighted(random, { sampled: 70, none: 15, unsampled: 10, malformed: 5 });
  const byGrpc = random() < 0.1;
  const form = byGrpc ? "openai chat" : oneOf(random, Object.keys(REQUEST_FORMS));
  const { streams } = formOf(form);
  const words = Array.from({ length: 2 + Math.floor(random() * 10) }, () => hexOf(random, 6));
  return {
    id: `call-${number}-${hexOf(random, 8)}`,
    canary,
    form,
    asked: {
      endpoint: streams ? oneOf(random, CHAT_ENDPOINTS) : EMBEDDING_ENDPOINT,
      text: [canary, ...words].join(" "),
      stream: streams && random() < 0.6,
    },
    traceId,
    spanId,
    context,
    traceparent: traceparentOf(context, traceId, spanId),
    agent: context === "malformed" || random() < 0.5 ? undefined : oneOf(random, WAYS),
    hangUpAfterBytes: random() < 0.08 ? Math.floor(random() * 1500) : undefined,
    byGrpc,
    pauseMs: random() * 60,
  };
}

/** The request form of that name. */
export function formOf(name: string) {
  const form = REQUEST_FORMS[name];
  if (form === undefined) throw new RangeError(`there is no request form ${name}`);
  return form;
}

/** One of several. */
export function oneOf<Item>(random: () => number, items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError("there is nothing to choose from");
  return item;
}

function traceparentOf(context: Context, traceId: string, spanId: string): string | undefined {
  switch (context) {
    case "sampled":
      return `00-${traceId}-${spanId}-01`;
    case "unsampled":
      return `00-${traceId}-${spanId}-00`;
    case "malformed":
      return `00-${traceId}-${spanId}-1`;
    case "none":
      return undefined;
  }
}

function weighted<Name extends string>(random: () => number, weights: Readonly<Record<Name, number>>): Name {
  const names: Name[] = [];
  for (const name in weights) names.push(...Array.from({ length: weights[name] }, () => name));
  return oneOf(random, names);
}

function hexOf(random: () => number, digits: number): string {
  return Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join("");
}
