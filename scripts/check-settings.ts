import { readFileSync } from "node:fs";
import { settingsLost } from "./settings-lost.ts";

// `node check-settings.ts <older JSON Schema> <newer one>`: fails where a configuration could say more by the older
// one.
const [older = "", newer = ""] = process.argv.slice(2);
const read = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));
const lost = settingsLost(read(older), read(newer));
for (const line of lost) process.stderr.write(`${line}\n`);
if (lost.length > 0) {
  process.stderr.write(
    "twinspan: configurations of the last release must be taken by this one. Keep what they may say.\n",
  );
  process.exitCode = 1;
}
