import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const ROOT = process.cwd();
const GUIDES = join(ROOT, "docs/guides");
const RUN_MS = 60_000;
/** The experiment that the guides name. */
const EXPERIMENT = "my-agent";

/** A guide of docs/guides, and what it has its readers write and run. */
export interface Guide {
  /** Its file, without the ending. */
  readonly name: string;
  readonly blocks: readonly Block[];
}

/** A fenced block of a guide. What follows the language says what it is: a file's name, `run`, `environment`. */
interface Block {
  readonly role: string;
  readonly text: string;
}

/** Where the files of all guides stand as their readers would write them. Disposing of it removes them. */
export interface GuidePlace extends Disposable {
  /** Runs a guide's commands of that role, its files and environment naming `experiment`, and returns what they printed. */
  run(guide: Guide, role: string, experiment: string): Promise<string>;
}

/** All guides, in the order of their names. */
export function readGuides(): readonly Guide[] {
  return readdirSync(GUIDES)
    .filter((file) => file.endsWith(".md"))
    .map((file) => ({ name: file.slice(0, -3), blocks: blocksOf(readFileSync(join(GUIDES, file), "utf8")) }));
}

/** Writes the guides' files where packages are found as a reader's would be; `addresses` replaces those that they name. */
export function createGuidePlace(guides: readonly Guide[], addresses: Readonly<Record<string, string>>): GuidePlace {
  const addressed = (text: string) =>
    Object.entries(addresses).reduce((replaced, [from, to]) => replaced.replaceAll(from, to), text);
  mkdirSync(join(ROOT, "var"), { recursive: true });
  const directory = mkdtempSync(join(ROOT, "var/guides-"));
  const blocks = guides.flatMap((guide) => guide.blocks);
  const write = (files: readonly Block[], experiment: string) => {
    for (const { role, text } of files) {
      if (role.includes(".")) writeFileSync(join(directory, role), named(addressed(text), experiment));
    }
  };
  write(blocks, EXPERIMENT);
  const environment = textOf(blocks, "environment");
  return {
    async run(guide, role, experiment) {
      write(guide.blocks, experiment);
      const script = named(addressed(`set -eu\n${environment}\n${textOf(guide.blocks, role)}`), experiment);
      const { stdout } = await run("bash", ["-c", script], { cwd: directory, timeout: RUN_MS });
      return stdout;
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function named(text: string, experiment: string): string {
  return text.replaceAll(EXPERIMENT, experiment);
}

function blocksOf(markdown: string): readonly Block[] {
  return [...markdown.matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)].map(([, role = "", text = ""]) => ({ role, text }));
}

function textOf(blocks: readonly Block[], role: string): string {
  return blocks
    .filter((block) => block.role === role)
    .map(({ text }) => text)
    .join("");
}
