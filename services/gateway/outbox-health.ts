import type { Logger } from "#lib/logger.ts";
import type { RpcServer } from "#lib/rpc/server.ts";
import type { Outbox } from "./outbox/outbox.ts";

/** The health service's name for whether traces get through. Calls are served all the same. */
const TRACING = "twinspan.tracing";
const LOOK_MS = 1000;

/**
 * Tells the health service, every second, whether records get through and are kept, and the log when that changes.
 * Disposing of it ends it.
 */
export function watchOutboxHealth(outbox: Outbox, server: RpcServer, log: Logger): Disposable {
  const tell = createTroubleLog(log);
  const timer = setInterval(() => {
    const { trouble } = outbox.state();
    server.setHealth(TRACING, trouble === undefined);
    tell(trouble);
  }, LOOK_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** A line each, with the reason, however long the trouble lasts and however often it is asked. */
function createTroubleLog(log: Logger): (trouble: string | undefined) => void {
  let isTroubled = false;
  return (trouble) => {
    if (isTroubled === (trouble !== undefined)) return;
    isTroubled = trouble !== undefined;
    if (isTroubled) log.warn({ trouble }, "tracing degraded");
    else log.info("tracing works again");
  };
}
