import { randomBytes } from "node:crypto";
import { type Command, InvalidArgumentError, Option } from "commander";
import { apiKeyOf, keyHashOf } from "#lib/auth/api-key.ts";
import { isRole, ROLES, type Role } from "#lib/auth/role.ts";
import type { CliIo } from "../io.ts";

const RANDOM_BYTES = 32;
const DAY_MS = 86_400_000;
const DAYS_MAX = 36_500;

interface NewKeyOptions {
  readonly name: string;
  readonly workspace: string;
  readonly role: readonly Role[];
  readonly endpoint?: readonly string[];
  readonly expiresIn?: number;
}

/** `twinspan key new` and `key hash`. */
export function addKeyCommands(program: Command, io: CliIo): void {
  const key = program.command("key").description("make keys for who calls, sends and reads");
  key
    .command("new")
    .description("make a key: it is printed once, with the line for the configuration, which has its hash only")
    .requiredOption("--name <name>", "what traces, logs and limits call the caller")
    .option("--workspace <name>", "whose experiments, traces and endpoints it deals with", "default")
    .addOption(
      new Option("--role <role>", `what it may do: ${ROLES.join(", ")}; may be repeated`)
        .argParser(collectRole)
        .default([], "none")
        .makeOptionMandatory(),
    )
    .option("--endpoint <name>", "an endpoint it may invoke; may be repeated (default: all of its workspace)", collect)
    .option("--expires-in <days>", "after how many days it is refused (default: never)", parseDays)
    .addHelpText("after", HELP)
    .action((options: NewKeyOptions, command: Command) => {
      if (options.role.length === 0) command.error("error: give it a role: --role invoke (--help lists them)");
      const made = apiKeyOf(randomBytes(RANDOM_BYTES));
      io.err("The key, which is shown this once:\n\n");
      io.out(`${made}\n`);
      io.err(`\nThe line for auth.keys of the configuration:\n\n  - ${lineOf(made, options)}\n`);
    });
  key
    .command("hash")
    .description("print the hash of a key on standard input, to find its line in the configuration")
    .action(async () => {
      let text = "";
      for await (const piece of io.input()) text += Buffer.from(piece).toString("utf8");
      io.out(`${keyHashOf(text.trim())}\n`);
    });
}

const HELP = `
The key goes to standard output alone, so that it can be piped to where secrets are kept.

Examples:
  twinspan key new --name agents --role invoke --role write-traces
  twinspan key new --name billing --workspace research --role read-traces --expires-in 90
  twinspan key new --name gateway --role record | kubectl create secret generic twinspan-record --from-file=key=/dev/stdin`;

/** As YAML in one line. */
function lineOf(key: string, { name, workspace, role, endpoint = [], expiresIn }: NewKeyOptions): string {
  const expires = expiresIn && new Date(Date.now() + expiresIn * DAY_MS).toISOString();
  const settings = [
    `name: ${name}`,
    `workspace: ${workspace}`,
    `roles: [${role.join(", ")}]`,
    ...(endpoint.length > 0 ? [`endpoints: [${endpoint.join(", ")}]`] : []),
    ...(expires ? [`expires: "${expires}"`] : []),
    `hash: "${keyHashOf(key)}"`,
  ];
  return `{ ${settings.join(", ")} }`;
}

function collect(name: string, known: readonly string[] = []): readonly string[] {
  return [...known, name];
}

function collectRole(role: string, known: readonly Role[]): readonly Role[] {
  if (!isRole(role)) throw new InvalidArgumentError(`It must be one of ${ROLES.join(", ")}.`);
  return [...known, role];
}

function parseDays(text: string): number {
  const days = Number(text);
  if (days > 0 && days <= DAYS_MAX) return days;
  throw new InvalidArgumentError(`It must be a number of days, up to ${DAYS_MAX}.`);
}
