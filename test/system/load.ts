import { until } from "../../tools/until.ts";
import { type Caller, newCaller } from "../callers/caller.ts";
import { type ChatAnswer, chat } from "../callers/chat.ts";
import type { Stack } from "./stack.ts";

/** A call of a load, and what its caller saw of it. */
export interface EndedCall {
  readonly kind: Kind;
  readonly caller: Caller;
  readonly answer: ChatAnswer;
}

/** Calls that are made all at once, each with a trace context of its own. */
export interface Load {
  /** Waits until so many calls have ended. */
  ended(count: number): Promise<void>;
  /** Waits until all have, and returns what their callers saw. */
  all(): Promise<readonly EndedCall[]>;
}

/** A kind of call that a load is made of. */
export interface Kind {
  readonly model: string;
  readonly stream: boolean;
  /** The caller hangs up after so many events of its stream. Undefined: it does not. */
  readonly hangUpAfter?: number;
}

const LOAD_MS = 60_000;

/** Starts `count` calls at once, of the kinds in turn. */
export function startLoad(stack: Stack, count: number, kinds: readonly Kind[]): Load {
  let ended = 0;
  const made = Array.from({ length: count }, async (_, index): Promise<EndedCall> => {
    const kind = kinds[index % kinds.length];
    if (kind === undefined) throw new RangeError("a load has at least one kind of call");
    const caller = newCaller();
    const { model, stream, hangUpAfter } = kind;
    const headers = { traceparent: caller.traceparent };
    const answer = await chat(stack.url, {
      model,
      stream,
      headers,
      hangUp: (events) => events >= (hangUpAfter ?? Number.POSITIVE_INFINITY),
    });
    ended += 1;
    return { kind, caller, answer };
  });
  return {
    async ended(wanted) {
      await until(`${wanted} of ${count} calls have ended`, () => ended >= wanted, LOAD_MS);
    },
    all: () => Promise.all(made),
  };
}

/** Whether a call got its answer to the end, and that answer was no error. */
export function wentWell({ answer }: EndedCall): boolean {
  return answer.status === 200 && answer.isComplete;
}
