import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { faultsIn, type Lock, nodeFault, readDecided, readLock } from "../../../scripts/locked-packages.ts";

const lock = readLock("package-lock.json");
const decided = readDecided("package.json");
const SUM = `sha512-${"A".repeat(86)}==`;
const locked = (name: string, about: Partial<Lock["packages"][string]>): Lock => {
  const fine = { version: "1.0.0", integrity: SUM, license: "MIT", link: false, dev: false, hasInstallScript: false };
  return { packages: { ...lock.packages, [`node_modules/${name}`]: { ...fine, ...about } } };
};

test("every package is pinned by its content and licensed as it may be, and it is decided of each script whether it runs", () => {
  expect(faultsIn(lock, decided)).toEqual([]);
  expect(faultsIn(lock, new Set([...decided, "gone"]))).toEqual(["gone: has no script any more (allowScripts)"]);
});

test("a package that is not pinned, runs a script or has another licence is told", () => {
  const faults = (about: Partial<Lock["packages"][string]>) => faultsIn(locked("strange", about), decided);
  expect(faults({})).toEqual([]);
  expect(faults({ integrity: "sha1-abc" })).toEqual(["strange 1.0.0: its content is not pinned by a SHA-512"]);
  expect(faults({ resolved: "git+ssh://example.test/strange" })).toEqual([
    "strange 1.0.0: it does not come over HTTPS",
  ]);
  expect(faults({ hasInstallScript: true })).toHaveLength(1);
  expect(faults({ license: "GPL-3.0" })).toHaveLength(1);
  expect(faults({ license: "(GPL-3.0 OR MIT)" })).toEqual([]);
  expect(faults({ license: "GPL-3.0", dev: true })).toEqual([]);
});

test("what is installed is of the versions that are pinned, and says the same of its licence", () => {
  const manifest = z.object({ version: z.string(), license: z.string().optional() });
  const wrong = Object.entries(lock.packages).filter(([path, { version, license, dev }]) => {
    const file = join(path, "package.json");
    if (path === "" || dev || !existsSync(file)) return false;
    const installed = manifest.parse(JSON.parse(readFileSync(file, "utf8")));
    return installed.version !== version || installed.license !== license;
  });
  expect(wrong.map(([path]) => path)).toEqual([]);
});

test("the Node that runs is the one that is pinned, and another is told", () => {
  const pins = readFileSync("scripts/node.sha256", "utf8");
  const platform = `${process.platform}-${process.arch}`;
  expect(nodeFault(process.execPath, platform, pins)).toBeUndefined();
  expect(nodeFault("package.json", platform, pins)).toContain("is not the Node");
  expect(nodeFault(process.execPath, "sunos-sparc", pins)).toContain("has no pin");
});
