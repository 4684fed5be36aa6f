import type { ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";

declare module "fastify" {
  interface FastifyReply {
    /** The end of the response. */
    responseEnd: ResponseEnd;
  }
}

/**
 * The end of a response, however that comes, for all who wait for it: of a listener for each Node warns, and each
 * request pays.
 */
class ResponseEnd {
  readonly #observers: (() => void)[] = [];

  constructor(response: ServerResponse) {
    response.once("close", () => {
      for (const observe of this.#observers) observe();
    });
  }

  /** Calls `observe` once, when the response is closed, after those that came before. Never, where it is closed already. */
  tell(observe: () => void): void {
    this.#observers.push(observe);
  }
}

/** Gives each response its end to observe. Must come before whatever does. */
export function watchResponses(app: FastifyInstance): void {
  app.decorateReply("responseEnd");
  app.addHook("onRequest", (_request, reply, done) => {
    reply.responseEnd = new ResponseEnd(reply.raw);
    done();
  });
}
