import { z } from "zod";

/** What a process answers to questions, by what is asked. An answer may be anything that can be sent. */
export type Answers = Readonly<Record<string, (body: unknown) => unknown>>;

const message = z.union([
  z.object({ ask: z.number(), what: z.string(), body: z.unknown() }),
  z.object({ answer: z.number(), value: z.unknown() }),
  z.object({ answer: z.number(), failure: z.string() }),
]);

type Message = z.input<typeof message>;

interface Open {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Questions and answers between two processes that have a channel. Both may ask. */
export class Questions {
  readonly #send: (message: Message) => void;
  readonly #answers: Answers;
  readonly #open = new Map<number, Open>();
  #lastId = 0;

  /** `send` posts to the other side; what comes from there goes to `hear`. */
  constructor(send: (message: Message) => void, answers: Answers) {
    this.#send = send;
    this.#answers = answers;
  }

  /** Asks. Rejects when the other side fails, is gone, or says nothing within `withinMs`. */
  ask(what: string, body: unknown, withinMs: number): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#open.delete(id);
        reject(new Error(`no answer to "${what}" within ${withinMs} ms`));
      }, withinMs).unref();
      this.#open.set(id, { resolve, reject, timer });
      this.#send({ ask: id, what, body });
    });
  }

  /** Takes a message of the other side. One that is none of ours is left alone. */
  hear(heard: unknown): void {
    const { data } = message.safeParse(heard);
    if (data === undefined) return;
    if ("ask" in data) {
      this.#answer(data.ask, data.what, data.body);
      return;
    }
    const open = this.#open.get(data.answer);
    if (open === undefined) return;
    this.#open.delete(data.answer);
    clearTimeout(open.timer);
    if ("failure" in data) open.reject(new Error(data.failure));
    else open.resolve(data.value);
  }

  /** Says that the other side is gone: what it was asked is not answered any more. */
  close(): void {
    for (const { reject, timer } of this.#open.values()) {
      clearTimeout(timer);
      reject(new Error("the other process is gone"));
    }
    this.#open.clear();
  }

  #answer(id: number, what: string, body: unknown): void {
    Promise.try(() => {
      const answer = this.#answers[what];
      if (answer === undefined) throw new Error(`nobody answers "${what}" here`);
      return answer(body);
    }).then(
      (value) => this.#send({ answer: id, value }),
      (error: unknown) => this.#send({ answer: id, failure: error instanceof Error ? error.message : String(error) }),
    );
  }
}
