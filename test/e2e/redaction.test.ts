import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { Trace } from "#proto/twinspan/trace/v1/trace.ts";
import { segmentPath, segmentsOf } from "../../services/gateway/outbox/segments.ts";
import { unpack } from "../../services/trace-writer/store/packing.ts";
import { newCaller } from "../callers/caller.ts";
import { chat } from "../callers/chat.ts";
import { startStack } from "../system/stack.ts";
import { newCanary, textOf } from "../traces/canaries.ts";
import { mlflowTraceText } from "../traces/mlflow-reads.ts";
import { untilShipped } from "../traces/twins.ts";

test("what was blacked out is in no trace, no preview, no list and no file, from the caller to the store", async () => {
  const secret = newCanary();
  const mail = `${secret}@example.com`;
  await using stack = await startStack({
    models: [],
    behaviours: { mailer: { answer: `written to ${mail}` } },
    endpoints: [
      {
        name: "mailer",
        models: [{ provider: "scripted", model: "mailer" }],
        payload: { redact: [{ pattern: "email" }] },
      },
    ],
  });
  for (const stream of [true, false]) {
    const caller = newCaller();
    const headers = { traceparent: caller.traceparent };
    const answer = await chat(stack.url, { model: "mailer", stream, content: `write to ${mail}`, headers });
    expect(answer.body).toContain(secret);
    await untilShipped(stack);
    const trace = await stack.stored.get(answer.traceName ?? "");
    expect(trace.info?.requestPreview).toContain("write to [redacted:email]");
    expect(trace.info?.responsePreview).toContain("written to [redacted:email]");
    for (const read of [trace, await stack.stored.get(caller.traceId)]) {
      expect(Buffer.from(Trace.encode(read).finish()).toString("latin1")).not.toContain(secret);
      expect(textOf(read)).not.toContain(secret);
    }
    for (const id of [answer.traceName ?? "", caller.traceId]) {
      expect(await mlflowTraceText(stack.url, id)).not.toContain(secret);
    }
  }
  const stored = storedBytes(stack.storePath);
  expect(stored).toContain("[redacted:email]");
  expect(stored).not.toContain(secret);
  const { segments } = await segmentsOf(stack.outboxPath);
  const files = segments.map((segment) => segmentPath(stack.outboxPath, segment));
  const written = files.map((file) => readFileSync(file).toString("latin1")).join();
  expect(written).toContain("[redacted:email]");
  expect(written).not.toContain(secret);
});

/** What SQLite's file holds: its blocks, unpacked, and all of its pages as they are. */
function storedBytes(file: string): string {
  using db = new DatabaseSync(file, { readOnly: true });
  const blocks = db.prepare("SELECT bytes FROM blocks").all();
  const unpacked = blocks.map(({ bytes }) =>
    bytes instanceof Uint8Array ? Buffer.from(unpack(bytes)) : Buffer.alloc(0),
  );
  const pages = [file, `${file}-wal`].map((name) => readFileSync(name));
  return Buffer.concat([...unpacked, ...pages]).toString("latin1");
}
