import { expect, test } from "vitest";
import { configSchema } from "#lib/config/schema.ts";
import { createLogger } from "#lib/logger.ts";

function logOf(levels: Parameters<typeof createLogger>[1]) {
  const lines: string[] = [];
  const log = createLogger("gateway", levels, { write: (line) => void lines.push(line) });
  return { log, said: () => lines.map((line) => JSON.parse(line)) };
}

test("lines name their service, and the part of it that wrote them", () => {
  const { log, said } = logOf("info");
  log.info("ready");
  log.module("outbox").warn({ records: 3 }, "waiting");
  const [first, second] = said();
  expect(first).toMatchObject({ service: "gateway", msg: "ready" });
  expect(first).not.toHaveProperty("module");
  expect(second).toMatchObject({ service: "gateway", module: "outbox", records: 3, msg: "waiting" });
});

test("a part's level counts before its service's, and that before everybody's", () => {
  const levels = { gateway: "error", "gateway/outbox": "debug", "ingress/outbox": "silent" } as const;
  const { log, said } = logOf({ level: "info", levels });
  log.warn("not this");
  log.module("routing").warn("nor this");
  log.module("outbox").debug("this");
  log.module("routing").error("and this");
  expect(said().map(({ msg }) => msg)).toEqual(["this", "and this"]);
});

test("a level for a part that there is not is a fault of the configuration", () => {
  const levelsOf = (levels: unknown) => configSchema.safeParse({ log: { levels } }).success;
  expect(levelsOf({ "gateway/outbox": "debug", ingress: "warn" })).toBe(true);
  expect(levelsOf({ "gateway/inbox": "debug" })).toBe(false);
  expect(levelsOf({ gateway: "loud" })).toBe(false);
});
