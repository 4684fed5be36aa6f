import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, expect, test } from "vitest";
import { lockOutbox } from "../../../services/gateway/outbox/lock.ts";

const directory = mkdtempSync(join(tmpdir(), "twinspan-outbox-"));
afterAll(() => rmSync(directory, { recursive: true }));

test("an outbox that a newer twinspan wrote is refused with what to do, and left as it is", () => {
  const path = join(directory, "outbox.db");
  lockOutbox(path)[Symbol.dispose]();
  setVersion(path, 99);
  expect(() => lockOutbox(path)).toThrow(
    /has version 99, written by a newer twinspan; this one knows \d+\. Start the newer one, or name another file/,
  );
  using file = new DatabaseSync(path);
  expect(file.prepare("PRAGMA user_version").get()).toEqual({ user_version: 99 });
});

function setVersion(path: string, version: number): void {
  using file = new DatabaseSync(path);
  file.exec(`PRAGMA user_version = ${version}`);
}
