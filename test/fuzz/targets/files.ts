import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { ZodError } from "zod";
import { ConfigError, parseConfig } from "#lib/config/load.ts";
import { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import { encodeBlock } from "../../../services/gateway/outbox/block.ts";
import { invocationOf, noteOf } from "../../../services/gateway/outbox/note.ts";
import { type ReadableFile, stretchesIn } from "../../../services/gateway/outbox/read-segment.ts";
import { BLOCKS_FROM, segmentHead } from "../../../services/gateway/outbox/segment-head.ts";
import type { FuzzTarget } from "../fuzz-target.ts";
import { CANARY, mutated } from "../mutations.ts";

const NOTE = noteOf({
  traceId: "0a".repeat(16),
  spanId: "0b".repeat(8),
  startNanos: 1_780_000_000_000_000_000n,
  endpointId: "e1",
  endpointName: "demo",
  experiment: "gateway/demo",
  workspace: "default",
  callerWorkspace: "default",
  username: undefined,
  callerKey: undefined,
  requestType: RequestType.REQUEST_TYPE_OPENAI_CHAT,
  messageFormat: "openai",
  streaming: true,
  caller: { product: "p", session: "s", user: "u", run: undefined, serverUrl: undefined, experiment: undefined },
  callerSpan: { traceId: "0c".repeat(16), spanId: "0d".repeat(8) },
  mirrorSpanId: "0e".repeat(8),
});

const NONCE = Buffer.from("a nonce.");
const TRACE_ID = "0a".repeat(16);
const BLOCKS = [
  encodeBlock(NONCE, { timeMs: 1, goneUpTo: 0, firstSeq: 1 }, [
    { kind: "begin", traceId: TRACE_ID, note: Buffer.from(NOTE) },
    { kind: "finish", traceId: TRACE_ID, told: Buffer.from("told"), payload: Buffer.from(CANARY) },
  ]),
  encodeBlock(NONCE, { timeMs: 2, goneUpTo: 1, firstSeq: 2 }, [{ kind: "drop", traceId: TRACE_ID }]),
  encodeBlock(NONCE, { timeMs: 3, goneUpTo: 1, firstSeq: 2 }, []),
];

/** What is read from files: the configuration, and what an earlier process left. */
export const FILES: readonly FuzzTarget[] = [
  {
    name: "the configuration",
    inputs: mutated(
      [
        readFileSync("twinspan.yaml"),
        "endpoints:\n  - &a { name: demo, models: [] }\n  - *a\n",
        "gateway: { listen: 127.0.0.1:0 }",
      ],
      [
        "- ",
        ": ",
        "\n  ",
        "${HOME}",
        "${NOWHERE:-x}",
        "*a",
        "&a ",
        "!!binary ",
        "? ",
        "|\n",
        "<<: *a",
        "---\n",
        "{",
        "}",
        "0x10",
        "~",
      ],
    ),
    check(input) {
      try {
        parseConfig(input.toString("utf8"), "twinspan.yaml", { HOME: "/root" });
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        assert.ok(error.faults.every(({ line, column }) => line >= 1 && column >= 1));
      }
    },
  },
  {
    name: "notes of calls in flight",
    inputs: mutated([NOTE], ['"traceId":', '"startNanos":"x"', "1e5", "-1"]),
    check(input) {
      try {
        const read = invocationOf(input.toString("utf8"));
        assert.deepEqual(invocationOf(noteOf(read)), read);
      } catch (error) {
        if (!(error instanceof SyntaxError || error instanceof ZodError)) throw error;
      }
    },
  },
  {
    name: "segments of the outbox",
    inputs: mutated(
      [Buffer.concat([segmentHead(NONCE), ...BLOCKS])],
      ["a nonce.", "twinspan outbox\n", "\xff\xff\xff\xff"],
    ),
    async check(input) {
      const file: ReadableFile = {
        async read(buffer, offset, length, position) {
          return { bytesRead: input.subarray(position, position + length).copy(buffer, offset) };
        },
      };
      let readUpTo = BLOCKS_FROM;
      for await (const stretch of stretchesIn(file, { upTo: input.length })) {
        assert.equal(stretch.offset, readUpTo);
        readUpTo = stretch.kind === "block" ? stretch.end : stretch.offset + stretch.bytes;
        // What was written is read, and nothing else.
        if (stretch.kind === "damage") continue;
        const block = input.subarray(stretch.offset, stretch.end);
        assert.ok(BLOCKS.some((written) => written.equals(block)));
      }
      assert.ok(readUpTo <= Math.max(input.length, BLOCKS_FROM));
    },
  },
];
