import { expect, test } from "vitest";
import { PAYLOAD_SHED } from "../../../services/gateway/core/twins/record.ts";
import { type AdmittedWrite, Backlog } from "../../../services/gateway/outbox/backlog.ts";

const MiB = 1024 * 1024;
const finish = (told: number, payload: number) => ({
  kind: "finish" as const,
  traceId: "a",
  told: Buffer.alloc(told),
  payload: Buffer.alloc(payload),
});

test("payloads go first, then records and notes, and what is settled makes room again", () => {
  const backlog = new Backlog();
  const admitted: (AdmittedWrite | undefined)[] = [backlog.admit(finish(8, 120 * MiB))];
  const small = backlog.admit(finish(8, 20 * MiB));
  admitted.push(small);
  expect(small?.write).toMatchObject({ kind: "finish", payload: PAYLOAD_SHED });
  admitted.push(backlog.admit(finish(23 * MiB, 0)));
  expect(backlog.admit(finish(8 * MiB, 8 * MiB))?.write).toEqual({ kind: "drop", traceId: "a" });
  expect(backlog.admit({ kind: "begin", traceId: "b", note: Buffer.alloc(2 * MiB) })).toBeUndefined();
  expect(backlog.shed).toMatchObject({ "payload:backlog": 1, "record:backlog": 1, "note:backlog": 1 });

  for (const { bytes } of admitted.filter((write) => write !== undefined)) backlog.settled(bytes);
  expect(backlog.admit(finish(8, 20 * MiB))?.write).toMatchObject({ kind: "finish", payload: { length: 20 * MiB } });
});

test("a record that is larger than the bound goes when nothing waits", () => {
  const backlog = new Backlog();
  expect(backlog.admit(finish(8, 129 * MiB))?.write.kind).toBe("finish");
  expect(backlog.shed["payload:backlog"]).toBe(0);
});
