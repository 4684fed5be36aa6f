import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "vitest";
import { canBindToParent } from "../../../tools/bound-to-parent.ts";
import { until } from "../../../tools/until.ts";

const MODULE = fileURLToPath(new URL("../../../tools/bound-to-parent.ts", import.meta.url));
/** Starts a program that would run for a minute, tells its number, and waits. */
const PARENT = `
  import { spawn } from "node:child_process";
  import { boundToParent } from ${JSON.stringify(MODULE)};
  const child = spawn(...boundToParent("sleep", ["60"]), { stdio: "ignore" });
  process.stdout.write(String(child.pid));`;

test("what a test run has started ends with it, though it is killed", async ({ skip }) => {
  if (!canBindToParent()) return skip("setpriv is not there, with which processes are bound to their parent");
  const parent = spawn(process.execPath, ["--input-type=module", "-e", PARENT]);
  const [told] = await once(parent.stdout, "data");
  const ended = once(parent, "exit");
  parent.kill("SIGKILL");
  await ended;
  await until("the program has ended, too", () => !existsSync(`/proc/${String(told)}`));
});
