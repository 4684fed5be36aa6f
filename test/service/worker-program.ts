import cluster from "node:cluster";
import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { Registry } from "prom-client";
import { runService } from "#lib/lifecycle.ts";
import { createLogger } from "#lib/logger.ts";
import { startWorkers } from "#lib/workers/start-workers.ts";
import { openPrimaryLink, PLACE_VARIABLE, type PrimaryLink } from "#lib/workers/worker-link.ts";

/*
 * A service of two workers with nothing in them: `node worker-program.ts <port> [fail|hang|starve]`. `fail`: the second
 * cannot start, and there is a third, which does not listen to its primary yet. `hang`: they never end by themselves.
 * `starve`: from SIGUSR2 on the system can start no worker, until the next SIGUSR2. Each answers with the number of its
 * process, or with the metrics of all.
 */

const DRAIN_MS = 60_000;
const LATE_MS = 500;
const [port = "0", how = ""] = process.argv.slice(2);
const count = how === "fail" ? 3 : 2;
if (process.env[PLACE_VARIABLE] === "2/3") await delay(LATE_MS);
const primary = openPrimaryLink(process.env[PLACE_VARIABLE]);
const log = createLogger("program", "info", undefined, primary?.place.number);
if (primary === undefined && how === "starve") starveOnSignal();
if (primary === undefined) await runService(log, DRAIN_MS, () => startWorkers({ count, log, shared: {} }));
else await runService(log, DRAIN_MS, () => startWorker(primary), primary);

/** Where the directory of a process is not there, the system cannot start it. */
function starveOnSignal(): void {
  let isStarving = false;
  process.on("SIGUSR2", () => {
    isStarving = !isStarving;
    cluster.setupPrimary({ cwd: isStarving ? "/nowhere" : process.cwd() });
  });
}

async function startWorker({ place: { number }, reportOf }: PrimaryLink) {
  if (how === "fail" && number === 1) throw new Error("the second cannot");
  const report = reportOf(new Registry(), () => ({ ready: true, degraded: [] }));
  const server = createServer(async ({ url }, response) => {
    response.end(url === "/metrics" ? await report.metrics() : String(process.pid));
  });
  server.listen(Number(port), "127.0.0.1");
  await once(server, "listening");
  return {
    reload: () => log.info("reloaded"),
    async [Symbol.asyncDispose]() {
      if (how === "hang") await new Promise(() => {});
      server.close();
    },
  };
}
