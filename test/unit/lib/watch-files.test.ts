import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { watchFiles } from "#lib/config/watch-files.ts";

const LOOK_MS = 1_000;

let directory: string;
let file: string;
let changes: number;
let watch: Disposable;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  directory = mkdtempSync(join(tmpdir(), "twinspan-watch-"));
  file = join(directory, "twinspan.yaml");
  changes = 0;
});
afterEach(() => {
  watch[Symbol.dispose]();
  vi.useRealTimers();
  rmSync(directory, { recursive: true });
});

function start(files: () => readonly string[] = () => [file]): void {
  const onChange = () => {
    changes += 1;
  };
  watch = watchFiles(files, onChange, LOOK_MS);
}

function look(times = 1): void {
  vi.advanceTimersByTime(times * LOOK_MS);
}

/** After two more looks, which see that a file is another and that it stays so. */
function expectChanges(times: number): void {
  look(2);
  expect(changes).toBe(times);
}

test("a file that is written over, replaced, deleted or made is seen, once each", () => {
  writeFileSync(file, "one");
  start();
  writeFileSync(file, "second");
  expectChanges(1);
  writeFileSync(`${file}.swp`, "second");
  renameSync(`${file}.swp`, file);
  expectChanges(2);
  rmSync(file);
  expectChanges(3);
  writeFileSync(file, "the third");
  expectChanges(4);
});

test("a symbolic link that is swapped further up is seen, as Kubernetes does it", () => {
  for (const version of ["..1", "..2"]) {
    mkdirSync(join(directory, version));
    writeFileSync(join(directory, version, "twinspan.yaml"), version);
  }
  symlinkSync("..1", join(directory, "..data"));
  symlinkSync(join("..data", "twinspan.yaml"), file);
  start();
  symlinkSync("..2", join(directory, "..data_tmp"));
  renameSync(join(directory, "..data_tmp"), join(directory, "..data"));
  expectChanges(1);
});

test("a file that is still being written is left alone until it rests", () => {
  writeFileSync(file, "");
  start();
  let text = "";
  for (let part = 0; part < 30; part += 1) {
    text += "part\n";
    writeFileSync(file, text);
    look();
  }
  expect(changes).toBe(0);
  expectChanges(1);
});

test("what a change brings to be watched is seen when it changes, not when it comes", () => {
  const key = join(directory, "key");
  writeFileSync(file, "one");
  writeFileSync(key, "one");
  start(() => (changes === 0 ? [file] : [file, key]));
  writeFileSync(file, "second");
  expectChanges(1);
  look(5);
  expectChanges(1);
  writeFileSync(key, "second");
  expectChanges(2);
});

test("a change while the one before is being taken is not missed", () => {
  writeFileSync(file, "one");
  watch = watchFiles(
    () => [file],
    () => {
      changes += 1;
      if (changes === 1) writeFileSync(file, "the third");
    },
    LOOK_MS,
  );
  writeFileSync(file, "second");
  look(2);
  expectChanges(2);
});
