import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadConfig } from "#lib/config/load.ts";
import { type Postgres, startPostgres } from "../../tools/databases/postgres.ts";
import { commitBefore, lastRelease, type ReleasedTree, releasedTree } from "../../tools/released-tree.ts";
import { seededRandom } from "../../tools/seeded-random.ts";
import { until } from "../../tools/until.ts";
import { expectNothingLost, worksAgain } from "./rolling-load.ts";
import { type RollingSystem, startRollingSystem } from "./rolling-system.ts";

/**
 * `make upgrade` names the release, or asks for the last one. Undefined: these are the tests of every day, which must
 * be quick.
 */
const ASKED = process.env["TWINSPAN_UPGRADE_FROM"];
const SEED = Number(process.env["TWINSPAN_UPGRADE_SEED"] || 1);
const PREPARE_MS = 300_000;
/** Five or six processes start twice, one after the other. */
const UPGRADE_MS = 240_000;
const WORK = {
  gateway: "twinspan_calls_total",
  "trace-writer": "twinspan_trace_writer_commit_seconds_count",
} as const;

let tree: ReleasedTree | undefined;
let why = "";
let server: Postgres | undefined;
beforeAll(async () => {
  const from = await releaseToUpgrade();
  if (from === undefined) return;
  tree = await releasedTree(from);
  if (tree.hasSamePackages || ASKED !== undefined) await tree.install();
  else why = `${from} has other packages, which \`make upgrade\` installs`;
  if (ASKED !== undefined) server = await startPostgres();
}, PREPARE_MS);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await tree?.[Symbol.asyncDispose]();
});

test(
  "services of the last release are replaced by these, in any order, over the same store and outboxes: no call fails, and each has its twin traces, once",
  async ({ skip }) => {
    if (tree === undefined || why !== "") return skip(why);
    // Its configuration is one of the last release's, as it stands where one upgrades.
    await using system = await startRollingSystem({ tree: tree.directory, transport: "default" });
    await expectNothingLost(system, (isIn) => replaceAll(system, isIn));
  },
  UPGRADE_MS,
);

test.runIf(ASKED !== undefined)(
  "two trace-writers of the last release are replaced on PostgreSQL, among the others: no call fails, and each has its twin traces, once",
  async () => {
    if (tree === undefined || server === undefined) throw new Error("both are there where an upgrade is asked for");
    const postgresUrl = await server.newDatabase();
    await using system = await startRollingSystem({ postgresUrl, tree: tree.directory, transport: "default" });
    await expectNothingLost(system, (isIn) => replaceAll(system, isIn));
  },
  UPGRADE_MS,
);

test("what the last release shipped as its configuration is one of this release", async ({ skip }) => {
  if (tree === undefined) return skip(why);
  const shipped = ["twinspan.yaml", "deploy/compose/twinspan.yaml"].map((file) => join(tree?.directory ?? "", file));
  for (const file of shipped) expect(() => loadConfig(file, process.env)).not.toThrow();
});

/** What is upgraded from. Undefined: `why` says why there is nothing. */
async function releaseToUpgrade(): Promise<string | undefined> {
  if (ASKED !== undefined && ASKED !== "") return ASKED;
  const last = await lastRelease();
  if (last !== undefined) return last;
  if (ASKED !== undefined)
    throw new Error("git knows no release here, which is a tag. Name a commit: make upgrade FROM=…");
  // Before there is any release, as the contracts are compared with the commit before.
  const before = await commitBefore();
  if (before === undefined) why = "git's history is not at hand, so there is nothing to upgrade from";
  return before;
}

/** Replaces every process by one of this tree, in an order that the seed tells. */
async function replaceAll(
  { ingresses, gateways, traceWriters }: RollingSystem,
  isIn: (ingress: (typeof ingresses)[number]) => boolean,
): Promise<void> {
  const random = seededRandom(SEED);
  const all = [...ingresses, ...gateways, ...traceWriters];
  const order = all
    .map((service) => ({ service, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ service }) => service);
  for (const service of order) {
    // A balancer that knows of one ingress only has nobody to send calls to while that one is replaced.
    await until("the balancer knows both ingresses", () => ingresses.every(isIn), 60_000);
    await service.stop();
    service.runFrom();
    await service.start();
    if (service.name === "gateway" || service.name === "trace-writer") await worksAgain(service, WORK[service.name]);
    else await until("the balancer has found it", () => isIn(service), 60_000);
  }
  for (const gateway of gateways) expect(await gateway.metric("twinspan_outbox_shed_total")).toBe(0);
}
