import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, test } from "vitest";
import { watchFiles } from "#lib/config/watch-files.ts";
import { until } from "../../../tools/until.ts";

const LOOK_MS = 10;

let directory: string;
let file: string;
let changes: number;
let watch: Disposable;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "twinspan-watch-"));
  file = join(directory, "twinspan.yaml");
  changes = 0;
});
afterEach(() => {
  watch[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

function start(files: () => readonly string[] = () => [file]): void {
  const onChange = () => {
    changes += 1;
  };
  watch = watchFiles(files, onChange, LOOK_MS);
}

function changed(times: number): Promise<true | undefined> {
  return until(`it has changed ${times} times`, () => changes === times || undefined);
}

test("a file that is written over, replaced, deleted or made is seen, once each", async () => {
  writeFileSync(file, "one");
  start();
  writeFileSync(file, "two");
  await changed(1);
  writeFileSync(`${file}.swp`, "two");
  renameSync(`${file}.swp`, file);
  await changed(2);
  rmSync(file);
  await changed(3);
  writeFileSync(file, "three");
  await changed(4);
});

test("a symbolic link that is swapped further up is seen, as Kubernetes does it", async () => {
  for (const version of ["..1", "..2"]) {
    mkdirSync(join(directory, version));
    writeFileSync(join(directory, version, "twinspan.yaml"), version);
  }
  symlinkSync("..1", join(directory, "..data"));
  symlinkSync(join("..data", "twinspan.yaml"), file);
  start();
  symlinkSync("..2", join(directory, "..data_tmp"));
  renameSync(join(directory, "..data_tmp"), join(directory, "..data"));
  await changed(1);
});

test("a file that is still being written is left alone until it rests", async () => {
  writeFileSync(file, "");
  start();
  let text = "";
  for (let part = 0; part < 30; part += 1) {
    text += "part\n";
    writeFileSync(file, text);
    await delay(LOOK_MS / 4);
  }
  await changed(1);
});

test("what a change brings to be watched is seen when it changes, not when it comes", async () => {
  const key = join(directory, "key");
  writeFileSync(file, "one");
  writeFileSync(key, "one");
  start(() => (changes === 0 ? [file] : [file, key]));
  writeFileSync(file, "two");
  await changed(1);
  await delay(LOOK_MS * 5);
  await changed(1);
  writeFileSync(key, "two");
  await changed(2);
});

test("a change while the one before is being taken is not missed", async () => {
  writeFileSync(file, "one");
  watch = watchFiles(
    () => [file],
    () => {
      changes += 1;
      if (changes === 1) writeFileSync(file, "three");
    },
    LOOK_MS,
  );
  writeFileSync(file, "two");
  await changed(2);
});
