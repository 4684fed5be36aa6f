import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { z } from "zod";

const run = promisify(execFile);

/** A file, what stands in it, and the rule it breaks. */
type Violation = readonly [file: string, source: string, rule: string];

const IMPORT = "lint/style/noRestrictedImports";
const use = (specifier: string) => `import { used } from "${specifier}";\nused();\n`;

const VIOLATIONS: readonly Violation[] = [
  ["lib/a.ts", use("../services/gateway/server.ts"), IMPORT],
  ["lib/rpc/b.ts", use("../../services/gateway/server.ts"), IMPORT],
  ["lib/c.ts", use("../gen/google/rpc/status.ts"), IMPORT],
  ["services/gateway/main.ts", use("./core/mirror.ts"), IMPORT],
  ["services/gateway/main-of-packages.ts", use("fastify"), IMPORT],
  ["services/gateway/a.ts", use("../ingress/server.ts"), IMPORT],
  ["services/gateway/b.ts", use("./main.ts"), IMPORT],
  ["services/gateway/a-service.ts", use("./server.ts"), IMPORT],
  ["services/gateway/c.ts", use("node:sqlite"), IMPORT],
  ["services/gateway/d.ts", use("../../gen/google/rpc/status.ts"), IMPORT],
  ["services/gateway/core/a.ts", use("node:fs"), IMPORT],
  ["services/gateway/core/b.ts", use("node:crypto"), IMPORT],
  ["services/gateway/core/c.ts", use("pino"), IMPORT],
  ["services/gateway/core/d.ts", use("#lib/logger.ts"), IMPORT],
  ["services/gateway/core/e.ts", use("../providers/provider.ts"), IMPORT],
  ["services/gateway/core/f.ts", use("../invocation/invoke.ts"), IMPORT],
  ["services/gateway/core/twins/g.ts", use("../../invocation/invoke.ts"), IMPORT],
  ["services/gateway/core/twins/h.ts", use("../rpc/gateway-service.ts"), IMPORT],
  ["services/gateway/invocation/a.ts", use("../server.ts"), IMPORT],
  ["services/gateway/invocation/b.ts", use("../rpc/gateway-service.ts"), IMPORT],
  ["services/gateway/recording/a.ts", use("../../ingress/server.ts"), IMPORT],
  ["services/gateway/endpoints/a.ts", use("fastify"), IMPORT],
  ["services/trace-writer/receiving/a.ts", use("../rpc/otlp-service.ts"), IMPORT],
  ["services/ingress/body/a.ts", use("../routes/openai.ts"), IMPORT],
  ["services/ingress/core/connect/a.ts", use("../../metrics.ts"), IMPORT],
  ["services/gateway/core/clock.ts", "export const now = () => Date.now();\n", "plugin"],
  ["services/gateway/core/chance.ts", "export const chance = () => Math.random();\n", "plugin"],
  ["services/gateway/core/timer.ts", "export const soon = (then: () => void) => setTimeout(then, 1);\n", "plugin"],
  ["services/gateway/providers/a.ts", use("../invocation/invoke.ts"), IMPORT],
  ["services/gateway/providers/b.ts", use("../translation/translate.ts"), IMPORT],
  ["services/gateway/dialects/deep/b.ts", use("../../invocation/invoke.ts"), IMPORT],
  ["services/trace-writer/store/sqlite/a.ts", use("../../rpc/trace-writer-service.ts"), IMPORT],
  ["services/trace-writer/store/b.ts", use("../../gateway/core/mirror.ts"), IMPORT],
  ["services/trace-writer/undici.ts", use("undici"), IMPORT],
  ["services/ingress/routes/a.ts", use("../server.ts"), IMPORT],
  ["services/ingress/routes/b.ts", use("../../gateway/invocation/invoke.ts"), IMPORT],
  ["services/ingress/undici.ts", use("undici"), IMPORT],
  ["cli/a.ts", use("../services/gateway/server.ts"), IMPORT],
  ["cli/b.ts", use("../tools/until.ts"), IMPORT],
  ["bench/a.ts", use("../test/system/stack.ts"), IMPORT],
  ["bench/deep/b.ts", use("../../test/system/stack.ts"), IMPORT],
  ["tools/a.ts", use("#lib/ids.ts"), IMPORT],
  ["tools/deep/b.ts", use("../../test/system/stack.ts"), IMPORT],
  ["tools/c.ts", use("../bench/traffic.ts"), IMPORT],
  ["cli/b.ts", use("../test/system/stack.ts"), IMPORT],
  ["bench/a.ts", use("../test/system/stack.ts"), IMPORT],
  ["tools/a.ts", use("../test/system/stack.ts"), IMPORT],
  ["console/src/a.ts", use("../../services/gateway/server.ts"), IMPORT],
  ["console/src/api/b.ts", use("../../../cli/io.ts"), IMPORT],
  ["console/src/c.ts", use("#lib/logger.ts"), IMPORT],
  ["console/src/d.ts", use("@grpc/grpc-js"), IMPORT],
  ["console/src/e.ts", use("node:fs"), IMPORT],
  ["console/src/f.tsx", "export const n = (x: unknown) => x as string;\n", "plugin"],
  ["test/unit/a.ts", use("../../gen/google/rpc/status.ts"), IMPORT],
  ["services/gateway/e.ts", 'import grpc from "@grpc/grpc-js";\ngrpc.status;\n', IMPORT],
  ["services/gateway/f.ts", 'export const key = process.env["KEY"];\n', "lint/style/noProcessEnv"],
  ["lib/d.ts", 'process.on("SIGHUP", () => {});\n', "plugin"],
  ["services/gateway/g.ts", 'process.once("SIGTERM", () => {});\n', "plugin"],
  ["services/gateway/h.ts", "export default 1;\n", "lint/style/noDefaultExport"],
  ["services/gateway/i.ts", "async function go() {}\ngo();\n", "lint/nursery/noFloatingPromises"],
  [
    "services/gateway/j.ts",
    'import { k } from "./k.ts";\nexport const j = () => k;\n',
    "lint/suspicious/noImportCycles",
  ],
  [
    "services/gateway/k.ts",
    'import { j } from "./j.ts";\nexport const k = () => j;\n',
    "lint/suspicious/noImportCycles",
  ],
  ["services/gateway/l.ts", "export const x: any = 1;\n", "lint/suspicious/noExplicitAny"],
  ["services/gateway/n.ts", "export const n = (x: unknown) => x as string;\n", "plugin"],
  ["services/gateway/m.ts", 'export * from "./a.ts";\n', "lint/performance/noReExportAll"],
];

/** What the same places may import: without it, rules that refuse everything would pass. */
const ALLOWED: readonly (readonly [file: string, source: string])[] = [
  ["lib/ok.ts", use("node:fs")],
  ["lib/rpc/ok.ts", use("../service-error.ts")],
  ["lib/lifecycle.ts", 'process.once("SIGTERM", () => {});\n'],
  ["services/ingress/main.ts", `${use("./server.ts")}export const port = process.env["PORT"];\n`],
  ["services/gateway/server.ts", use("./ok-service.ts")],
  ["services/gateway/ok-service.ts", use("./core/ok.ts")],
  ["services/gateway/core/ok.ts", use("#proto/twinspan/trace/v1/mirror.ts")],
  ["services/gateway/core/twins/ok.ts", use("../invocation.ts")],
  ["services/gateway/rpc/ok.ts", use("../invocation/ok.ts")],
  ["services/gateway/invocation/ok.ts", use("../recording/ok.ts")],
  ["services/trace-writer/core/traces/ok.ts", use("../spans/ok.ts")],
  ["services/ingress/core/connect/ok.ts", use("../content.ts")],
  ["services/ingress/body/ok.ts", use("../metrics.ts")],
  ["services/ingress/routes/reader.ts", use("../body/ok.ts")],
  ["services/gateway/providers/ok.ts", use("undici")],
  ["services/gateway/dialects/deep/ok.ts", use("../../core/ok.ts")],
  ["services/gateway/outbox/ok.ts", use("node:sqlite")],
  ["services/trace-writer/store/sqlite/ok.ts", use("../trace-store.ts")],
  ["services/ingress/routes/ok.ts", use("../core/ok.ts")],
  ["services/ingress/ok.ts", use("fastify")],
  ["bench/ok.ts", use("../services/gateway/core/ok.ts")],
  ["bench/tool.ts", use("../tools/until.ts")],
  ["cli/constant.ts", "export const constant = {\n  a: 1,\n} as const;\n"],
  ["console/src/views/ok.ts", use("../api/ok.ts")],
  ["console/src/ok.ts", use("#lib/service-error.ts")],
  ["console/vite.config.ts", "export default {};\n"],
  ["cli/ok.ts", 'export const home = process.env["HOME"];\n'],
  ["bench/ok.ts", `${use("../tools/until.ts")}export const home = process.env["HOME"];\n`],
  ["tools/deep/ok.ts", use("../until.ts")],
  ["test/unit/ok.ts", use("../../services/gateway/server.ts")],
];

const reportSchema = z.object({
  diagnostics: z.array(z.object({ category: z.string(), location: z.object({ path: z.string() }) })),
});

/** Every file's broken rules, as `biome lint` finds them in a copy of the layout. */
async function brokenRules(
  files: readonly (readonly [string, string])[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const root = process.cwd();
  const copy = await mkdtemp(join(tmpdir(), "twinspan-rules-"));
  try {
    for (const kept of ["biome.json", ".gitignore", "scripts/rules"]) {
      await cp(join(root, kept), join(copy, kept), { recursive: true });
    }
    for (const [file, source] of files) {
      await mkdir(dirname(join(copy, file)), { recursive: true });
      await writeFile(join(copy, file), source);
    }
    const biome = join(root, "node_modules/.bin/biome");
    const args = ["lint", "--reporter=json", "--max-diagnostics=none", "."];
    const output = await run(biome, args, { cwd: copy }).catch((failed: { stdout: string }) => failed);
    const { diagnostics } = reportSchema.parse(JSON.parse(output.stdout));
    return Map.groupBy(diagnostics, ({ location }) => location.path)
      .entries()
      .reduce(
        (rules, [path, found]) =>
          rules.set(
            path,
            found.map(({ category }) => category),
          ),
        new Map<string, readonly string[]>(),
      );
  } finally {
    await rm(copy, { recursive: true });
  }
}

test("the linter refuses what the architecture forbids, and nothing that it allows", async () => {
  const broken = await brokenRules([...VIOLATIONS, ...ALLOWED].map(([file, source]) => [file, source]));
  for (const [file, , rule] of VIOLATIONS) expect(broken.get(file) ?? [], file).toContain(rule);
  for (const [file] of ALLOWED) expect(broken.get(file) ?? [], file).toEqual([]);
});
