import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join, sep } from "node:path";

/** A file of the console, in memory. */
export interface ConsoleFile {
  readonly contentType: string;
  /** A weak one, the same for every encoding of the file. */
  readonly etag: string;
  readonly bytes: Buffer;
  /** The same, compressed, by content-encoding, the smallest first. */
  readonly encoded: readonly (readonly [encoding: string, bytes: Buffer])[];
}

/** The console as it was built. */
export interface ConsoleFiles {
  /** The page that every address of the console is. */
  readonly page: ConsoleFile;
  /** The other files by their path: `/assets/index-3fA9.js`. */
  readonly files: ReadonlyMap<string, ConsoleFile>;
}

const PAGE = "/index.html";
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};
/** What the build puts beside a file, best first. */
const ENCODINGS = [
  ["br", ".br"],
  ["gzip", ".gz"],
] as const;

/**
 * Reads the whole console into memory, less than a few megabytes: what is not in its directory now is not served.
 * Undefined: it was not built. A file of a kind that is not known here is left out.
 */
export function readConsoleFiles(directory: string): ConsoleFiles | undefined {
  if (!existsSync(join(directory, PAGE))) return undefined;
  const files = new Map<string, ConsoleFile>();
  for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
    const contentType = CONTENT_TYPES[extname(name)];
    if (contentType !== undefined)
      files.set(`/${name.split(sep).join("/")}`, readFile(join(directory, name), contentType));
  }
  const page = files.get(PAGE);
  files.delete(PAGE);
  return page === undefined ? undefined : { page, files };
}

function readFile(path: string, contentType: string): ConsoleFile {
  const bytes = readFileSync(path);
  const encoded = ENCODINGS.filter(([, extension]) => existsSync(path + extension)).map(
    ([encoding, extension]) => [encoding, readFileSync(path + extension)] as const,
  );
  const etag = `W/"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
  return { contentType, etag, bytes, encoded };
}
