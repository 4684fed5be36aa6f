import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";

/** What a package in production may be licensed under: all of them allow use and redistribution with no more than a notice. */
const LICENCES: ReadonlySet<string> = new Set(["MIT", "Apache-2.0", "ISC", "BSD-2-Clause", "BSD-3-Clause", "0BSD"]);

const packageSchema = z.object({
  version: z.string().optional(),
  integrity: z.string().optional(),
  resolved: z.string().optional(),
  license: z.string().optional(),
  link: z.boolean().default(false),
  dev: z.boolean().default(false),
  hasInstallScript: z.boolean().default(false),
});
/** `allowScripts` of package.json: of each package that has a script for its installation, whether npm may run it. */
const manifestSchema = z.object({ allowScripts: z.record(z.string(), z.boolean()) });
const lockSchema = z.object({ packages: z.record(z.string(), packageSchema) });

/** What package-lock.json pins. */
export type Lock = z.output<typeof lockSchema>;

/** Reads a package-lock.json. Throws where it is none. */
export function readLock(file: string): Lock {
  return lockSchema.parse(JSON.parse(readFileSync(file, "utf8")));
}

/** The packages of a package.json about whose scripts it is decided. Throws where there is none. */
export function readDecided(file: string): ReadonlySet<string> {
  return new Set(Object.keys(manifestSchema.parse(JSON.parse(readFileSync(file, "utf8"))).allowScripts));
}

/**
 * Everything in a lock that may not be, a line each: a package without a SHA-512 of its content, or from elsewhere than
 * npm's registry; one with a script about which nothing is decided; one in production under a licence that is not known
 * to be fine.
 */
export function faultsIn({ packages }: Lock, decided: ReadonlySet<string>): readonly string[] {
  const faults: string[] = [];
  const scripted = new Set<string>();
  for (const [path, { version, integrity, resolved, license, link, dev, hasInstallScript }] of Object.entries(
    packages,
  )) {
    if (path === "") continue;
    const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    const fault = (what: string) => faults.push(`${name} ${version}: ${what}`);
    if (link || !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? "")) fault("its content is not pinned by a SHA-512");
    if (resolved !== undefined && !/^https:/.test(resolved)) fault("it does not come over HTTPS");
    if (hasInstallScript) scripted.add(name);
    if (hasInstallScript && !decided.has(name)) fault("whether npm may run its script is not decided (allowScripts)");
    if (!dev && !isFine(license)) fault(`its licence, ${license ?? "none"}, is not known to be fine`);
  }
  for (const name of decided) if (!scripted.has(name)) faults.push(`${name}: has no script any more (allowScripts)`);
  return faults;
}

/** Whether of one of the choices that a licence leaves, everything that must be kept to is fine. */
function isFine(license = ""): boolean {
  const choices = license.replace(/^\((.*)\)$/, "$1").split(" OR ");
  return choices.some((choice) => choice.split(" AND ").every((part) => LICENCES.has(part)));
}

/**
 * What is wrong with the Node that was installed; `pins` is the text of scripts/node.sha256. Undefined: nothing. A
 * platform without a pin is a fault: add one, from a Node that you trust.
 */
export function nodeFault(program: string, platform: string, pins: string): string | undefined {
  const pin = pins.split("\n").find((line) => line.endsWith(`  ${platform}`));
  if (pin === undefined) return `scripts/node.sha256 has no pin for ${platform}`;
  const sum = createHash("sha256").update(readFileSync(program)).digest("hex");
  return pin.startsWith(sum) ? undefined : `${program} is not the Node that scripts/node.sha256 pins for ${platform}`;
}
