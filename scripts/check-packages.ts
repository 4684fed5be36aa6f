import { readFileSync } from "node:fs";
import { faultsIn, nodeFault, readDecided, readLock } from "./locked-packages.ts";

// A part of `make audit`: what can be known of the packages without asking anybody.
const lock = readLock("package-lock.json");
const node = nodeFault(
  "node_modules/node/bin/node",
  `${process.platform}-${process.arch}`,
  readFileSync("scripts/node.sha256", "utf8"),
);
const faults = [...faultsIn(lock, readDecided("package.json")), ...(node === undefined ? [] : [node])];
for (const fault of faults) process.stderr.write(`${fault}\n`);
if (faults.length > 0) process.exit(1);
const count = Object.keys(lock.packages).length - 1;
process.stdout.write(
  `packages: ${count}, each pinned by its content; install scripts, licences and Node as they should be\n`,
);
