import { Agent, request } from "node:http";
import { workerData } from "node:worker_threads";

/** A flood: where it goes, for which model, over how many connections, and how long each waits between two calls. */
export interface Flood {
  readonly url: string;
  readonly model: string;
  readonly connections: number;
  /** In milliseconds. 0: as fast as it can. */
  readonly pauseMs: number;
}

const { url, model, connections, pauseMs }: Flood = workerData;
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const body = JSON.stringify({ model, messages: [{ role: "user", content: "again" }] });

for (let lane = 0; lane < connections; lane += 1) setTimeout(ask, (lane * pauseMs) / connections);

/** Asks again when it was answered, whatever the answer. */
function ask(): void {
  const askedMs = performance.now();
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  const again = () => setTimeout(ask, Math.max(0, pauseMs - (performance.now() - askedMs)));
  request(`${url}/v1/chat/completions`, { method: "POST", agent, headers })
    .on("response", (response) => response.resume().on("end", again))
    .on("error", again)
    .end(body);
}
