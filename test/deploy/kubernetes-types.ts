import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { fetchedPackage } from "../../tools/packages/fetched-package.ts";
import type { KubernetesObject } from "./helm.ts";

const run = promisify(execFile);
/** Kubernetes's own API as types, and those of Prometheus's operator, both generated from what they publish. */
const KUBERNETES = ["kubernetes-models", "5.1.0"] as const;
const OPERATOR = ["@kubernetes-models/prometheus-operator", "6.0.0"] as const;

/**
 * What is wrong with objects by the types of Kubernetes's API: fields that there are not, fields that are missing,
 * values of another kind; a line each. The compiler checks them, as literals.
 */
export async function typeFaultsOf(objects: readonly KubernetesObject[]): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "twinspan-kubernetes-"));
  try {
    mkdirSync(join(folder, "node_modules/@kubernetes-models"), { recursive: true });
    for (const [name, version] of [KUBERNETES, OPERATOR]) {
      const place = await fetchedPackage(name, version);
      symlinkSync(join(place, "node_modules", name), join(folder, "node_modules", name));
    }
    writeFileSync(join(folder, "objects.ts"), objects.map(literalOf).join("\n"));
    const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "esnext", "--moduleResolution", "bundler"];
    await run("tsc", [...options, "--pretty", "false", "objects.ts"], { cwd: folder });
    return [];
  } catch (error) {
    const { stdout } = z.object({ stdout: z.string() }).parse(error);
    return stdout.trim().split("\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function literalOf(object: KubernetesObject, index: number): string {
  const { apiVersion, kind } = object;
  const from = apiVersion.startsWith("monitoring.coreos.com/") ? OPERATOR[0] : KUBERNETES[0];
  return [
    `import type { I${kind} as Kind${index} } from "${from}/${apiVersion}/${kind}";`,
    `export const object${index}: Kind${index} = ${JSON.stringify(object, undefined, 1)};`,
  ].join("\n");
}
