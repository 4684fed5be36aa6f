import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { expectLedger, outboxRest } from "../helpers/ledger.ts";
import { startLoad, wentWell } from "../helpers/load.ts";
import { startStack } from "../helpers/stack.ts";
import { until } from "../helpers/until.ts";

const CALLS = 60;
const DISK_BYTES = 16 * 1024 * 1024;

/** A disk of its own, so small that a test can fill it. Undefined: this user may not mount one. */
function mountSmallDisk(): (Disposable & { readonly path: string }) | undefined {
  const path = mkdtempSync(join(tmpdir(), "twinspan-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "tmpfs", path], { stdio: "pipe" });
  } catch {
    // Only root may mount, and not in every container.
    rmSync(path, { recursive: true });
    return undefined;
  }
  return {
    path,
    [Symbol.dispose]() {
      execFileSync("umount", [path]);
      rmSync(path, { recursive: true });
    },
  };
}

test("while the store's disk is full calls go on and records wait; with room again all are stored", async ({
  skip,
}) => {
  using disk = mountSmallDisk();
  if (disk === undefined)
    return skip("a small disk must be mounted for this: run as root, where mount -t tmpfs is allowed");
  await using stack = await startStack({ models: ["echo-1"], storeDirectory: disk.path });
  const kinds = [
    { model: "echo-1", stream: false },
    { model: "echo-1", stream: true },
  ];
  const before = await startLoad(stack, CALLS, kinds).all();
  await until("all are stored", async () => (await stack.gateway.metric("twinspan_outbox_shipped_total")) === CALLS);

  const ballast = join(disk.path, "ballast");
  fill(disk.path, ballast);
  const full = () => stack.traceWriter.metric('twinspan_trace_writer_store_errors_total{reason="full"}');
  const during = await startLoad(stack, CALLS, kinds).all();
  await until("the store says that its disk is full", async () => (await full()) > 0);
  await until("the outbox has them all", async () => (await stack.gateway.metric("twinspan_outbox_records")) === CALLS);
  expect(await stack.gateway.metric("twinspan_outbox_degraded")).toBe(1);
  expect([await stack.ingress.readiness(), await stack.gateway.readiness()]).toEqual([200, 200]);

  rmSync(ballast);
  await until(
    "all are stored",
    async () => (await stack.gateway.metric("twinspan_outbox_shipped_total")) === 2 * CALLS,
  );
  const calls = [...before, ...during];
  expect(calls.filter((call) => !wentWell(call)).map(({ answer }) => answer)).toEqual([]);
  await stack.gateway.stop();
  expect(outboxRest(stack)).toEqual({ notes: 0, records: 0 });
  await expectLedger(stack, calls);
}, 60_000);

/** Writes a file that leaves no block free. */
function fill(directory: string, path: string): void {
  for (let left = free(directory); left > 0; left = free(directory)) {
    writeFileSync(path, Buffer.alloc(left), { flag: "a" });
  }
}

function free(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}
