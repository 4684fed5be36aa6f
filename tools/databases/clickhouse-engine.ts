import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { z } from "zod";

/**
 * ClickHouse's own engine, as npm has it, behind as much of ClickHouse's HTTP interface as its official client needs. A
 * process of its own, since the engine's native code is not to be within the test's:
 * `node clickhouse-engine.ts <folder of packages> <folder of data> <port>`. It writes `ready` when it listens.
 */
const [packages = "", data = "", port = "0"] = process.argv.slice(2);

const engineError = z.looseObject({ message: z.string(), clickhouseCode: z.number().optional() });
/** Settings that a query is run with. Others, of the whole connection, are set once. */
const OF_QUERIES = ["max_threads", "max_block_size", "optimize_read_in_order"] as const;
const OF_CONNECTIONS = {
  max_query_size: 16 * 1024 * 1024,
  max_insert_block_size: 50_000_000,
  min_insert_block_size_rows: 50_000_000,
  min_insert_block_size_bytes: 4 * 1024 * 1024 * 1024,
};

interface Session {
  queryAsync(query: string, options: { format: string }): Promise<{ bytes(): Uint8Array }>;
}
interface Engine {
  readonly Session: new (path: string) => Session;
}

const engine: Engine = createRequire(join(packages, "package.json"))("chdb");
const session = new engine.Session(data);
const scratch = mkdtempSync(join(data, "..", "inserted-"));
let database = "";
let last = Promise.resolve();

/** One after the other: which database is meant belongs to the session. */
function inTurn<Answer>(run: () => Promise<Answer>): Promise<Answer> {
  const answer = last.then(run);
  last = answer.then(nothing, nothing);
  return answer;
}

async function answer(request: IncomingMessage, params: URLSearchParams): Promise<Uint8Array> {
  const body = await buffer(request);
  return inTurn(async () => {
    const wanted = params.get("database") ?? "default";
    if (wanted !== database) await run(`USE \`${wanted}\``);
    database = wanted;
    const query = params.get("query");
    return query === null ? run(complete(body.toString("utf8"), params)) : insert(query, body);
  });
}

async function insert(query: string, body: Uint8Array): Promise<Uint8Array> {
  const file = join(scratch, "rows");
  writeFileSync(file, body);
  return run(query.replace(/ FORMAT (\w+)\s*$/, ` FROM INFILE '${file}' FORMAT $1`));
}

async function run(query: string): Promise<Uint8Array> {
  return (await session.queryAsync(query, { format: "TabSeparated" })).bytes();
}

/** The query with its parameters and settings in it. */
function complete(query: string, params: URLSearchParams): string {
  const whole = query.replaceAll(/\{(\w+):(\w+)\}/g, (_match, name: string, type: string) => {
    const value = params.get(`param_${name}`) ?? "";
    // The client has escaped it already, as for a literal.
    return type === "String" ? `'${value}'` : `to${type}(${value})`;
  });
  if (!/^\s*SELECT/.test(whole)) return whole;
  const settings = OF_QUERIES.flatMap((name) => (params.has(name) ? [`${name} = ${params.get(name)}`] : []));
  return settings.length === 0 ? whole : `${whole} SETTINGS ${settings.join(", ")}`;
}

function nothing(): void {}

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  if (pathname === "/ping") {
    response.end("Ok.\n");
    return;
  }
  try {
    response.end(await answer(request, searchParams));
  } catch (error) {
    const { message } = engineError.parse(error);
    response.statusCode = 500;
    response.end(message);
  }
});
for (const [name, value] of Object.entries(OF_CONNECTIONS)) await run(`SET ${name} = ${value}`);
server.listen(Number(port), "127.0.0.1", () => process.stdout.write("ready\n"));
process.once("SIGTERM", () => {
  rmSync(scratch, { recursive: true, force: true });
  process.exit(0);
});
