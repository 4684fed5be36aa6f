import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import type { GetTraceResponse } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { type WriteInvocationsResponse, WriteOutcome } from "#proto/twinspan/trace/v1/trace_writer_service.ts";
import { type Clients, call, configOf, connect, newDirectory, startRunning } from "./running.ts";
import { idsOf, payload, record, spanId, traceId } from "./sample-traces.ts";
import { spansOf } from "./writing.ts";

const MAIN = new URL("../../../services/trace-writer/main.ts", import.meta.url).pathname;

test("killed with SIGKILL while it writes, it has every acknowledged record afterwards, and no half one", async () => {
  const directory = newDirectory();
  const acknowledged = new Set<number>();
  let n = 0x800;
  for (let round = 0; round < 4; round += 1) {
    const { child, address } = await startProcess(directory);
    using clients = connect(address);
    const exit = once(child, "exit");
    const target = acknowledged.size + 40;
    const write = async () => {
      for (;;) {
        const batch = [n, n + 1, n + 2].map((number) => sample(number));
        const numbers = [n, n + 1, n + 2];
        n += 3;
        await writeRecords(clients, batch);
        for (const number of numbers) acknowledged.add(number);
        if (acknowledged.size > target) child.kill("SIGKILL");
      }
    };
    const ends = await Promise.allSettled(Array.from({ length: 8 }, write));
    expect(ends.every(({ status }) => status === "rejected")).toBe(true);
    await exit;
  }
  expect(acknowledged.size).toBeGreaterThan(160);
  await using after = await startRunning(directory);
  for (let number = 0x800; number < n; number += 1) {
    const [full, mirror] = await Promise.all([
      readTrace(after, idsOf(number).full),
      readTrace(after, traceId(0x10000 + number)),
    ]);
    if (acknowledged.has(number)) expect(full?.info?.spanCount).toBe(2);
    expect(full?.info?.linkedTraceIds ?? []).toEqual(mirror === undefined ? [] : [mirror.info?.traceId]);
    expect(spansOf(mirror)).toHaveLength(full === undefined ? 0 : 2);
  }
});

const canMount = process.getuid?.() === 0 && existsSync("/proc/filesystems") && mounts();

test.skipIf(!canMount)(
  "a full disk fails writes with unavailable and leaves nothing behind; with room again it goes on (needs root to mount a small tmpfs)",
  async () => {
    const directory = newDirectory();
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", directory]);
    try {
      const ballast = join(directory, "ballast");
      writeFileSync(ballast, Buffer.alloc(1024 * 1024));
      await using running = await startRunning(directory);
      const acknowledged: number[] = [];
      let failure: unknown;
      let n = 0x2000;
      while (failure === undefined) {
        const number = n++;
        await writeRecords(running, [sample(number, 20_000)]).then(
          () => acknowledged.push(number),
          (error: unknown) => {
            failure = error;
          },
        );
        expect(n).toBeLessThan(0x2000 + 1000);
      }
      expect(failure).toMatchObject({ kind: "unavailable", retryAfterMs: 1000 });
      expect(await readyz(running.opsAddress)).toMatchObject({
        status: "ready",
        degraded: [expect.stringMatching("disk")],
      });
      const failed = n - 1;
      expect(await readTrace(running, idsOf(failed).full)).toBeUndefined();
      expect(await readTrace(running, traceId(0x10000 + failed))).toBeUndefined();
      rmSync(ballast);
      await writeRecords(running, [sample(failed, 20_000)]);
      expect(await readyz(running.opsAddress)).toEqual({ status: "ready", degraded: [] });
      for (const number of [...acknowledged, failed]) {
        expect((await readTrace(running, idsOf(number).full))?.info?.linkedTraceIds).toHaveLength(1);
      }
    } finally {
      execFileSync("umount", [directory]);
    }
  },
);

test("a file of a newer twinspan is refused with what to do", async () => {
  const directory = newDirectory();
  await (await startRunning(directory))[Symbol.asyncDispose]();
  const { DatabaseSync } = await import("node:sqlite");
  const db = new DatabaseSync(join(directory, "traces.db"));
  db.exec("PRAGMA user_version = 999");
  db.close();
  await expect(startRunning(directory)).rejects.toThrow(/schema 999.*newer twinspan/);
});

test("a file that cannot be opened is named, with what to do", async () => {
  const directory = newDirectory();
  mkdirSync(join(directory, "traces.db"));
  await expect(startRunning(directory)).rejects.toThrow(
    /traces\.db cannot be opened.*traceWriter\.store\.sqlite\.path/,
  );
});

/** A record with a mirror in an agent's trace of its own, and a payload of that many bytes that does not compress. */
function sample(n: number, bytes = 100) {
  const inputs = Buffer.from(Array.from({ length: bytes }, (_, index) => (index * index * 31 + index * n * 7) & 0xff));
  const payloads = [{ ...payload(idsOf(n).root), inputs: scrambled(inputs, n) }];
  return record({ n, payloads, caller: { trace: traceId(0x10000 + n), span: spanId(1) } });
}

/** Bytes of a linear congruential generator over the given ones: as good as random to a compressor. */
function scrambled(bytes: Buffer, seed: number): Buffer {
  let state = seed;
  const mixed = bytes.map((byte) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return byte ^ (state >>> 24);
  });
  return Buffer.from(mixed);
}

async function writeRecords(clients: Pick<Clients, "writer">, records: ReturnType<typeof sample>[]): Promise<void> {
  const { results } = await call<WriteInvocationsResponse>((done) =>
    clients.writer.writeInvocations({ records }, done),
  );
  for (const { outcome, reason } of results) {
    if (outcome === WriteOutcome.WRITE_OUTCOME_REFUSED) throw new Error(`the sample is refused: ${reason}`);
  }
}

async function readTrace(clients: Pick<Clients, "reader">, trace: string) {
  const answer = await call<GetTraceResponse>((done) =>
    clients.reader.getTrace({ traceId: trace, view: 0 }, done),
  ).catch((error: unknown) => {
    if (error instanceof Error && "kind" in error && error.kind === "not_found") return undefined;
    throw error;
  });
  return answer?.trace;
}

async function readyz(address: string): Promise<unknown> {
  return (await fetch(`http://${address}/readyz`)).json();
}

async function startProcess(directory: string): Promise<{ readonly child: ChildProcess; readonly address: string }> {
  const config = join(directory, "twinspan.yaml");
  writeFileSync(config, configOf(directory).replace("level: silent", "level: info"));
  const child = spawn(process.execPath, [MAIN], {
    env: { TWINSPAN_CONFIG: config },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const address = await Promise.race([readyAddress(child), delay(20_000, undefined, { ref: false })]);
  if (address === undefined) throw new Error("the trace-writer's process did not become ready");
  return { child, address };
}

async function readyAddress(child: ChildProcess): Promise<string | undefined> {
  if (child.stdout === null) return undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== "object" || entry === null || !("msg" in entry) || entry.msg !== "ready") continue;
    return "address" in entry && typeof entry.address === "string" ? entry.address : undefined;
  }
  return undefined;
}

/** Whether a tmpfs can be mounted here. */
function mounts(): boolean {
  const directory = newDirectory();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", directory], { stdio: "ignore" });
    execFileSync("umount", [directory]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
