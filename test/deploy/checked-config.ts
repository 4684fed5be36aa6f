import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "#lib/config/load.ts";
import type { Config } from "#lib/config/schema.ts";
import { SELF_SIGNED } from "../certificates/self-signed.ts";

/** As `ServiceProcess` has it. */
const COMPILE_CACHE = join(tmpdir(), "twinspan-compile-cache");
/** Where a configuration may have its certificate, `tls.crt` and `tls.key`. */
const CERTIFICATE_AT = "/etc/twinspan-tls";

/**
 * A configuration as services read it that have these variables and no others, once the command line has found no fault
 * in it. There is a certificate where it may say that one is mounted. Throws with what the command line says.
 */
export function checkedConfig(yaml: string, environment: Readonly<Record<string, string>>): Config {
  const folder = mkdtempSync(join(tmpdir(), "twinspan-config-"));
  try {
    const file = join(folder, "twinspan.yaml");
    writeFileSync(file, yaml.replaceAll(CERTIFICATE_AT, folder));
    writeFileSync(join(folder, "tls.crt"), SELF_SIGNED.cert);
    writeFileSync(join(folder, "tls.key"), SELF_SIGNED.key);
    const env = { PATH: process.env["PATH"], NODE_COMPILE_CACHE: COMPILE_CACHE, ...environment };
    execFileSync(join(process.cwd(), "bin/twinspan"), ["check", "--config", file], {
      env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    return loadConfig(file, environment);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
