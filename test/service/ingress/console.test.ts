import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { configSchema } from "#lib/config/schema.ts";
import { createLogger } from "#lib/logger.ts";
import { type Ingress, startIngress } from "../../../services/ingress/server.ts";

const PAGE = `<!doctype html><title>twinspan</title><script type="module" src="/assets/main-1234.js"></script>`;
const SCRIPT = `export const figures = [${"1, ".repeat(1000)}];`;
const BROWSER = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

const stack = new AsyncDisposableStack();
const directory = mkdtempSync(join(tmpdir(), "twinspan-console-"));
stack.defer(() => rmSync(directory, { recursive: true }));
let ingress: Ingress;
let withoutConsole: Ingress;
let notBuilt: Ingress;

beforeAll(async () => {
  mkdirSync(join(directory, "dist/assets"), { recursive: true });
  writeFileSync(join(directory, "secret.txt"), "not the console's");
  writeFileSync(join(directory, "dist/index.html"), PAGE);
  writeFileSync(join(directory, "dist/icon.svg"), "<svg/>");
  const script = join(directory, "dist/assets/main-1234.js");
  writeFileSync(script, SCRIPT);
  writeFileSync(`${script}.br`, brotliCompressSync(SCRIPT));
  writeFileSync(`${script}.gz`, gzipSync(SCRIPT));
  const start = async (dist: string, console: "on" | "off") => {
    const config = configSchema.parse({
      ingress: { listen: "127.0.0.1:0", gateway: "127.0.0.1:1", traceWriter: "127.0.0.1:1", console },
    });
    const options = { log: createLogger("ingress", "silent"), consoleDirectory: join(directory, dist) };
    return stack.use(await startIngress(config, options));
  };
  ingress = await start("dist", "on");
  withoutConsole = await start("dist", "off");
  notBuilt = await start("nothing", "on");
});
afterAll(() => stack.disposeAsync());

function get(path: string, headers: Record<string, string> = BROWSER, at = ingress): Promise<Response> {
  return fetch(`${at.url}${path}`, { headers });
}

/** The answer as it is on the wire: what `fetch` would decompress. */
function wire(path: string, encoding: string): Promise<{ encoding: string | undefined; bytes: number }> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest(`${ingress.url}${path}`, { headers: { "accept-encoding": encoding } }, async (answer) => {
      const pieces = await answer.toArray();
      resolve({ encoding: answer.headers["content-encoding"], bytes: Buffer.concat(pieces).length });
    });
    asked.once("error", reject).end();
  });
}

test.each([
  "/",
  "/experiments",
  "/traces",
  "/traces/tr-0af7651916cd43dd8448eb211c80319c?view=twins",
  "/endpoints",
  "/setup",
])("a browser gets the console at %s", async (path) => {
  const response = await get(path);
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  expect(await response.text()).toBe(PAGE);
});

test("programs get the list of paths at /, and what comes depends on what is asked for", async () => {
  for (const headers of [{ accept: "*/*" }, { accept: "application/json" }, { accept: "text/html;q=0, */*" }]) {
    const response = await get("/", headers);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(response.headers.get("vary")).toContain("accept");
  }
});

test("the page runs nothing but its own files, asks nobody but its own server, and is in nobody's frame", async () => {
  const { headers } = await get("/traces");
  const policy = (headers.get("content-security-policy") ?? "").split("; ");
  expect(policy).toEqual([
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "font-src 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
  ]);
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("referrer-policy")).toBe("same-origin");
});

test("the page is checked each time, and what is named by its content is kept", async () => {
  const page = await get("/");
  expect(page.headers.get("cache-control")).toBe("no-cache");
  const etag = page.headers.get("etag") ?? "";
  const again = await get("/traces", { ...BROWSER, "if-none-match": `"other", ${etag}` });
  expect([again.status, await again.text()]).toEqual([304, ""]);
  expect((await get("/", { ...BROWSER, "if-none-match": '"other"' })).status).toBe(200);

  const script = await get("/assets/main-1234.js");
  expect(script.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  expect(script.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  expect(script.headers.get("x-content-type-options")).toBe("nosniff");
  expect((await get("/icon.svg")).headers.get("cache-control")).toBe("no-cache");
});

test("a file goes out as small as the client takes it", async () => {
  const path = "/assets/main-1234.js";
  expect((await wire(path, "gzip, br")).encoding).toBe("br");
  expect((await wire(path, "gzip, br;q=0")).encoding).toBe("gzip");
  expect(await wire(path, "identity")).toEqual({ encoding: undefined, bytes: SCRIPT.length });
  expect((await wire(path, "br")).bytes).toBeLessThan(SCRIPT.length / 4);
  expect(await (await get(path)).text()).toBe(SCRIPT);
});

test.each([
  "/assets/main-9999.js",
  "/assets/",
  "/index.html",
  "/secret.txt",
  "/assets/../../secret.txt",
  "/assets/%2e%2e/%2e%2e/secret.txt",
  "/trace",
  "/traces/a/b",
  "/assets/main-1234.js.br",
])("there is nothing at %s", async (path) => {
  const response = await get(path);
  expect(response.status).toBe(404);
  expect(await response.text()).not.toContain("not the console's");
});

test("where the console is not built the page says how, and programs notice nothing", async () => {
  const page = await get("/", BROWSER, notBuilt);
  expect(page.status).toBe(503);
  expect(await page.text()).toContain("make console");
  expect((await get("/", { accept: "*/*" }, notBuilt)).status).toBe(200);
});

test("where the console is off, browsers get the list of paths, and its addresses are not there", async () => {
  expect(await (await get("/", BROWSER, withoutConsole)).text()).toContain("/v1/traces");
  expect((await get("/traces", BROWSER, withoutConsole)).status).toBe(404);
});

test("files are counted as one route, whatever their names", async () => {
  await (await get("/assets/main-1234.js")).text();
  const metrics = await (await get("/metrics")).text();
  expect(metrics).toContain('twinspan_ingress_requests_total{route="/assets/*",status="200"}');
  expect(metrics).not.toContain("main-1234");
});
