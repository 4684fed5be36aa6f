import { z } from "zod";
import type { CrossFault } from "./cross-fault.ts";

const text = z.string().optional().catch(undefined);
const postgres = z.object({ url: text, password: text });
const clickhouse = z.object({ url: text });

/** What the checks look at, whatever else is wrong: a part that cannot be read is as if it were not there. */
const readable = z.object({
  traceWriter: z.object({
    store: z.object({
      use: text,
      postgres: postgres.catch({}).default({}),
      clickhouse: clickhouse.catch({}).default({}),
    }),
  }),
});

/** What is wrong between the store that is used and what is said of it. */
export function* storeFaultsOf(plain: unknown): Generator<CrossFault> {
  const config = readable.safeParse(plain);
  if (!config.success) return;
  const { use, postgres: said, clickhouse: asked } = config.data.traceWriter.store;
  const path = ["traceWriter", "store", "postgres"];
  if (use === "postgres" && said.url === undefined) {
    yield {
      path: [...path, "url"],
      message: "is missing. It must say where the database is: postgres://user@host/name",
    };
  }
  if (use === "clickhouse" && asked.url === undefined) {
    yield {
      path: ["traceWriter", "store", "clickhouse", "url"],
      message: "is missing. It must say where ClickHouse is: http://host:8123",
    };
  }
  if (asked.url !== undefined && hasPassword(asked.url)) {
    yield {
      path: ["traceWriter", "store", "clickhouse", "url"],
      message: "must hold no password. Give it as traceWriter.store.clickhouse.password.",
    };
  }
  if (said.password !== undefined && said.url !== undefined && hasPassword(said.url)) {
    yield { path: [...path, "password"], message: "there is a password in the url already. Keep one of the two." };
  }
}

function hasPassword(url: string): boolean {
  return URL.canParse(url) && new URL(url).password !== "";
}
