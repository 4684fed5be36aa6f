import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { configSchema } from "#lib/config/schema.ts";
import { debianProgram } from "../../tools/packages/debian-package.ts";

const run = promisify(execFile);
const SERVICES = ["ingress", "gateway", "trace-writer"] as const;
/** In tenths, where 10 is a service that may do everything. */
const EXPOSURE_MAX = 15;
/** What a service may take to close what it owns, beyond its drain. */
const CLOSING_MS = 2_000;

test.each(SERVICES)("systemd reads twinspan-%s.service without a word, and finds it well shut in", async (service) => {
  const systemd = await debianProgram("systemd-analyze", "systemd");
  const folder = mkdtempSync(join(tmpdir(), "twinspan-systemd-"));
  try {
    const name = `twinspan-${service}.service`;
    // It looks whether the program is there: here it is in the repository.
    const unit = readFileSync(join("deploy/systemd", name), "utf8").replaceAll("/opt/twinspan", process.cwd());
    writeFileSync(join(folder, name), unit);
    const { stdout, stderr } = await run(systemd, ["verify", "--man=no", join(folder, name)]);
    expect(`${stdout}${stderr}`).toBe("");
    await run(systemd, ["security", "--offline=true", `--threshold=${EXPOSURE_MAX}`, join(folder, name)]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a unit has the time to drain that the configuration's defaults give its service", () => {
  const { ingress, gateway, traceWriter } = configSchema.parse({});
  const drains = {
    ingress: ingress.drainDelayMs + ingress.drainMs,
    gateway: gateway.drainMs + gateway.outbox.drainMs,
    "trace-writer": traceWriter.drainMs,
  };
  for (const service of SERVICES) {
    const unit = readFileSync(`deploy/systemd/twinspan-${service}.service`, "utf8");
    const [, seconds] = /^TimeoutStopSec=(\d+)$/m.exec(unit) ?? [];
    expect(Number(seconds) * 1000, service).toBeGreaterThan(drains[service] + CLOSING_MS);
    expect(unit).toContain(`services/${service}/main.ts`);
  }
});
