import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

/** A machine as `make` finds it: a clone, and on its PATH a `node` and an `npm` that do as they are told. */
class Machine {
  readonly #root = mkdtempSync(join(tmpdir(), "twinspan-install-"));
  readonly #path = join(this.#root, "path");

  constructor() {
    mkdirSync(join(this.#root, "scripts"));
    mkdirSync(this.#path);
    copyFileSync("scripts/install.sh", join(this.#root, "scripts/install.sh"));
    writeFileSync(join(this.#root, "package-lock.json"), "{}");
    for (const tool of ["sh", "dirname", "cksum", "cat", "sed", "mkdir", "date", "grep", "cut", "find", "chmod"]) {
      const found = ["/bin", "/usr/bin"].map((directory) => join(directory, tool)).find(existsSync);
      symlinkSync(found ?? tool, join(this.#path, tool));
    }
    this.program("node", 'echo "v20.11.0"');
    this.program(
      "npm",
      "case $1 in --version) echo 10.2.4 ;; config) echo https://registry.example ;; ci) exit 1 ;; esac",
    );
  }

  program(name: string, body: string): this {
    const file = join(this.#path, name);
    writeFileSync(file, `#!/bin/sh\n${body}\n`);
    chmodSync(file, 0o755);
    return this;
  }

  without(name: string): this {
    rmSync(join(this.#path, name));
    return this;
  }

  changeLock(): void {
    writeFileSync(join(this.#root, "package-lock.json"), '{"changed":true}');
  }

  install() {
    const { stdout, stderr, status } = spawnSync("/bin/sh", [join(this.#root, "scripts/install.sh")], {
      encoding: "utf8",
      env: { PATH: this.#path },
    });
    return { stdout, stderr, status };
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true });
  }
}

const INSTALLS =
  "case $1 in --version) echo 10.2.4 ;; ci) mkdir -p node_modules/node/bin; echo > node_modules/node/bin/node; chmod 755 node_modules/node/bin/node; echo ran >> runs ;; esac";

test("each thing that can be wrong with a machine is one line that says what to do", () => {
  const failing = (output: string) =>
    `case $1 in --version) echo 10.2.4 ;; config) echo https://registry.example ;; ci) echo "${output}"; exit 1 ;; esac`;
  const cases: readonly (readonly [(machine: Machine) => Machine, RegExp])[] = [
    [(machine) => machine.without("npm"), /npm is missing\. Install Node\.js 20/],
    [(machine) => machine.without("node"), /node is missing\. Install Node\.js 20/],
    [(machine) => machine.program("node", "echo v18.20.0"), /Node v18\.20\.0 is too old/],
    [(machine) => machine.program("npm", "echo 9.9.9"), /npm 9\.9\.9 is too old/],
    [
      (machine) => machine.program("npm", failing("npm error code ENOTFOUND")),
      /cannot reach its registry \(https:\/\/registry\.example\)/,
    ],
    [
      (machine) => machine.program("npm", failing("npm error ENOSPC: no space left")),
      /the disk is full\. Free about 1 GB/,
    ],
    [(machine) => machine.program("npm", failing("npm error code EACCES")), /npm may not write here/],
    [
      (machine) => machine.program("npm", failing("npm error something else")),
      /npm ci failed: npm error something else\. All of it is in var\/log\/install\.log/,
    ],
    [(machine) => machine.program("npm", "case $1 in --version) echo 11.0.0 ;; esac"), /ignore-scripts is on/],
  ];
  for (const [breaks, said] of cases) {
    using machine = new Machine();
    const { stderr, status } = breaks(machine).install();
    expect(status).toBe(1);
    expect(stderr).toMatch(said);
    expect(stderr.trimEnd().split("\n"), stderr).toHaveLength(1);
  }
});

test("what is installed is not installed again, until the lock changes", () => {
  using machine = new Machine().program("npm", INSTALLS);
  expect(machine.install()).toMatchObject({ status: 0, stdout: expect.stringContaining("dependencies installed in") });
  expect(machine.install()).toEqual({ status: 0, stdout: "", stderr: "" });
  machine.changeLock();
  expect(machine.install().stdout).toContain("dependencies installed in");
});
