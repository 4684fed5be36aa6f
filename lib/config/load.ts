import { readFileSync } from "node:fs";
import { type Document, isNode, isPair, isScalar, LineCounter, parseDocument, visit } from "yaml";
import type { z } from "zod";
import { crossFaultsOf } from "./cross-checks.ts";
import { faultWordsOf } from "./fault-words.ts";
import { type Config, configSchema } from "./schema.ts";
import { issuesOf } from "./schema-issues.ts";

/** Environment variables, by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One thing that is wrong with a configuration, and where. */
export interface ConfigFault {
  /** The line in the file, from 1. */
  readonly line: number;
  /** The column in that line, from 1. */
  readonly column: number;
  /** The setting, `endpoints[0].name`. Empty: the file as a whole. */
  readonly path: string;
  /** What is wrong, and what to do. */
  readonly message: string;
}

/** All that is wrong with a configuration, one line each: `twinspan.yaml:9:7  endpoints[0].name: …`. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly faults: readonly ConfigFault[];

  constructor(file: string, faults: readonly ConfigFault[]) {
    super(faults.map((fault) => lineOf(file, fault)).join("\n"));
    this.faults = faults;
  }
}

/** A configuration that cannot be read at all: which, why, and how to name another. */
export class ConfigFileError extends Error {
  override readonly name = "ConfigFileError";
}

/** Reads and checks a configuration file. Throws a ConfigError with all faults at once, or a ConfigFileError. */
export function loadConfig(file: string, environment: Environment): Config {
  return parseConfig(readConfigFile(file), file, environment);
}

/**
 * Reads and checks some sections of a file, for who needs no other: what those refer to may be unset here, or wrong.
 * Throws as loadConfig does, with the faults of these sections.
 */
export function loadSections<S extends keyof Config>(
  file: string,
  environment: Environment,
  sections: readonly S[],
): Pick<Config, S> {
  return parseConfig(readConfigFile(file), file, environment, sections);
}

/**
 * Checks the text of a configuration. `${NAME}` is replaced from the environment, `${NAME:-text}` by `text` where it is
 * unset. A variable that is unset is a fault, but for a provider's credentials: there the reference stays as it is, and
 * the provider's endpoints say that they need it. Given `sections`, the others are passed over: they are as if left
 * out.
 */
export function parseConfig(
  text: string,
  file: string,
  environment: Environment,
  sections?: readonly (keyof Config)[],
): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, logLevel: "error" });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const syntax = document.errors.map((error) => ({
    ...at(error.pos[0]),
    path: "",
    message: (error.message.split("\n", 1)[0] ?? "not YAML").replace(/ at line \d+, column \d+:$/, ""),
  }));
  if (syntax.length > 0) throw new ConfigError(file, syntax);

  const isRead = readTestOf(document, sections);
  const references = interpolate(document, environment).filter(({ offset }) => isRead(offset));
  const unset = references.map(({ offset, name }) => ({
    ...at(offset),
    path: "",
    message: `the environment variable ${name} is not set. Set it, or write \${${name}:-a default}.`,
  }));
  const whole = plainOf(document);
  if (whole instanceof ReferenceError) {
    throw new ConfigError(file, [{ ...at(aliasOffsetOf(document)), path: "", message: whole.message }]);
  }
  const plain = sections === undefined ? whole : sectionsOf(whole, sections);
  const checked = configSchema.safeParse(plain ?? {}, { error: faultWordsOf });
  const wrong = Array.from(issuesOf(checked.error?.issues ?? []), (issue) => ({
    ...at(offsetOf(document, placeOf(issue))),
    path: pathOf(issue.path),
    message: issue.message,
  }));
  const crossed = (sections === undefined ? crossFaultsOf(plain) : []).map(({ path, message }) => ({
    ...at(offsetOf(document, path)),
    path: pathOf(path),
    message,
  }));
  const faults = [...unset, ...wrong, ...crossed];
  if (!checked.success || faults.length > 0) throw new ConfigError(file, faults);
  return checked.data;
}

function readConfigFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const why = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
    throw new ConfigFileError(
      `${file} cannot be read${why}. Name the configuration in TWINSPAN_CONFIG, or with --config on the command line.`,
      { cause },
    );
  }
}

/** The settings whose references may be unset: their provider says that it needs them. */
const CREDENTIALS = new Set(["apiKey", "accessKeyId", "secretAccessKey", "sessionToken"]);
const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/** Replaces references in all scalars, and returns those to variables that are unset. */
function interpolate(document: Document, environment: Environment): readonly { offset: number; name: string }[] {
  const unset: { offset: number; name: string }[] = [];
  visit(document, {
    Scalar(key, scalar, ancestors) {
      if (key === "key" || typeof scalar.value !== "string" || !scalar.value.includes("${")) return;
      const parent = ancestors.at(-1);
      const isSecret = isPair(parent) && isScalar(parent.key) && CREDENTIALS.has(String(parent.key.value));
      const replaced = scalar.value.replace(REFERENCE, (reference, name: string, fallback: string | undefined) => {
        const value = environment[name] || fallback;
        if (value === undefined && !isSecret) unset.push({ offset: scalar.range?.[0] ?? 0, name });
        return value ?? reference;
      });
      scalar.value = replaced !== scalar.value && /^-?\d+$/.test(replaced) && !isSecret ? Number(replaced) : replaced;
    },
  });
  return unset;
}

/** Whether what stands at an offset belongs to one of the sections; all of them where none is named. */
function readTestOf(document: Document, sections: readonly string[] | undefined): (offset: number) => boolean {
  if (sections === undefined) return () => true;
  const ranges = sections.flatMap((section) => {
    const node = document.getIn([section], true);
    return isNode(node) && node.range ? [node.range] : [];
  });
  return (offset) => ranges.some(([from, to]) => from <= offset && offset < to);
}

function sectionsOf(whole: unknown, sections: readonly string[]): unknown {
  if (typeof whole !== "object" || whole === null || Array.isArray(whole)) return whole;
  return Object.fromEntries(Object.entries(whole).filter(([section]) => sections.includes(section)));
}

/** The document as plain values. A ReferenceError: it has an alias without an anchor, or aliases without end. */
function plainOf(document: Document): unknown {
  try {
    return document.toJS();
  } catch (error) {
    if (error instanceof ReferenceError) return error;
    throw error;
  }
}

/** Where the first alias without an anchor stands; without one, the beginning. */
function aliasOffsetOf(document: Document): number {
  let offset: number | undefined;
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document) === undefined) offset ??= alias.range?.[0];
    },
  });
  return offset ?? 0;
}

/** The path of what is wrong: a setting that does not exist is its own place. */
function placeOf(issue: z.core.$ZodIssue): readonly PropertyKey[] {
  return issue.code === "unrecognized_keys" ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path;
}

/** Where a setting stands in the text; where it is missing, its nearest parent. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}

function lineOf(file: string, { line, column, path, message }: ConfigFault): string {
  return `${file}:${line}:${column}  ${path === "" ? "" : `${path}: `}${message}`;
}
