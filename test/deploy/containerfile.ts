import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** What an image says of the process that is started from it. */
export interface Image {
  /** Its file system, as far as the Containerfile makes it. */
  readonly root: string;
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly uid: number;
  readonly entrypoint: readonly string[];
}

interface Stage {
  readonly root: string;
  workingDirectory: string;
  uid: number;
  entrypoint: readonly string[];
  readonly environment: Record<string, string>;
}

/**
 * Does what a Containerfile says, without an engine: each stage is a directory under `into`, and its RUN are run by
 * this machine's shell in it, so they may name nothing outside of their working directory. Base images are left out:
 * what they bring must be on this machine. Throws at an instruction that it does not know.
 */
export function replayContainerfile(file: string, context: string, into: string): Image {
  const stages = new Map<string, Stage>();
  let stage: Stage | undefined;
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const [word = "", ...rest] = line.trim().split(/\s+/);
    if (word === "" || word.startsWith("#")) continue;
    if (word === "FROM") {
      const name = rest[1] === "AS" ? (rest[2] ?? "") : "last";
      const root = join(into, name);
      mkdirSync(root, { recursive: true });
      stage = { root, workingDirectory: "/", uid: 0, entrypoint: [], environment: {} };
      stages.set(name, stage);
    } else if (stage === undefined) throw new Error(`${word} stands before FROM`);
    else apply(stage, word, rest, (from) => (from === undefined ? context : (stages.get(from)?.root ?? "")));
  }
  if (stage === undefined) throw new Error(`${file} has no stage`);
  return stage;
}

function apply(
  stage: Stage,
  word: string,
  rest: readonly string[],
  rootOf: (from: string | undefined) => string,
): void {
  const inside = join(stage.root, stage.workingDirectory);
  switch (word) {
    case "WORKDIR":
      stage.workingDirectory = rest.join(" ");
      mkdirSync(join(stage.root, stage.workingDirectory), { recursive: true });
      return;
    case "COPY":
      copy(stage, inside, rest, rootOf);
      return;
    case "RUN":
      execFileSync("sh", ["-c", rest.join(" ")], { cwd: inside, stdio: "pipe" });
      return;
    case "ENV": {
      const [name = "", value = ""] = rest.join(" ").split("=", 2);
      stage.environment[name] = value;
      return;
    }
    case "USER":
      stage.uid = Number(rest[0]?.split(":")[0]);
      return;
    case "ENTRYPOINT":
      stage.entrypoint = JSON.parse(rest.join(" "));
      return;
    case "VOLUME":
      return;
    default:
      throw new Error(`no ${word} is known here`);
  }
}

function copy(
  stage: Stage,
  inside: string,
  rest: readonly string[],
  rootOf: (from: string | undefined) => string,
): void {
  const flags = rest.filter((part) => part.startsWith("--"));
  const paths = rest.filter((part) => !part.startsWith("--"));
  const from = flags.find((flag) => flag.startsWith("--from="))?.slice("--from=".length);
  const to = paths.at(-1) ?? "";
  const target = to.startsWith("/") ? join(stage.root, to) : join(inside, to);
  for (const path of paths.slice(0, -1)) {
    const source = join(rootOf(from), path);
    if (!existsSync(source)) throw new Error(`COPY ${path}: there is none`);
    cpSync(source, to.endsWith("/") ? join(target, basename(path)) : target, {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
}
