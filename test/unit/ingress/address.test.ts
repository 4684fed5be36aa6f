import fc from "fast-check";
import { expect, test } from "vitest";
import { pathOf, queryCredentialsOf, queryTargetOf, rawTargetOf } from "../../../services/ingress/core/address.ts";

test("an address has a path, also when it is a whole URL", () => {
  expect(["/a/b?c=/d", "/a/b", "http://host/a/b?c", "http://host?c"].map(pathOf)).toEqual([
    "/a/b",
    "/a/b",
    "/a/b",
    "/",
  ]);
});

/** Segments and queries as a caller may write them. */
const segment = fc.stringMatching(/^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2}){0,12}$/);
const parameters = fc.array(fc.stringMatching(/^[a-z_]{0,5}(?:=[a-z0-9%=+.]{0,5})?$/), { maxLength: 5 });

test("a raw target leads where its bytes say, within the provider's base URL, or is refused", () => {
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 6 }), (segments) => {
      const path = `/${segments.join("/")}`;
      const target = targetOf(`/gateway/proxy/demo${path}`);
      if (target === undefined) return;
      expect(target.path).toBe(path);
      expect(new URL(`http://provider/base${path}`).pathname).toBe(`/base${path}`);
      expect(decodedDeeply(path)).not.toMatch(/(?:^|[/\\])\.\.?(?:[/\\]|$)/);
    }),
  );
});

test("a query goes on as it came, but for the parameters that carry keys", () => {
  fc.assert(
    fc.property(parameters, (given) => {
      const kept = given.filter((one) => !/^(?:key|api_key|access_token)(?:=|$)/.test(one)).join("&");
      if (/%(?![0-9a-f]{2})/.test(kept)) return;
      expect(queryTargetOf(`/a?${given.join("&")}`)?.query ?? "").toBe(kept);
    }),
  );
});

test("no query that goes on names a key, however it is encoded", () => {
  const encoded = fc.constantFrom("key", "%6bey", "k%65y", "KEY", "api_key", "api%5Fkey", "access%5ftoken");
  fc.assert(
    fc.property(encoded, parameters, parameters, (name, before, after) => {
      const url = `/a?${[...before, `${name}=sesame`, ...after].join("&")}`;
      expect(queryOf(url)).not.toContain("sesame");
    }),
  );
});

test("keys in a query are credentials", () => {
  expect(queryCredentialsOf("/a?key=1&access_token=2&api_key=3")).toEqual([
    { name: "x-goog-api-key", value: "1" },
    { name: "authorization", value: "Bearer 2" },
  ]);
  expect(queryCredentialsOf("/a?key=")).toEqual([]);
  expect(queryCredentialsOf("/key=1")).toEqual([]);
});

function targetOf(url: string) {
  try {
    return rawTargetOf("GET", url, 3);
  } catch {
    return undefined;
  }
}

function queryOf(url: string): string {
  try {
    return queryTargetOf(url)?.query ?? "";
  } catch {
    return "";
  }
}

/** Dots and separators decoded, as a careless provider might. */
function decodedDeeply(path: string): string {
  return path.replace(/%2e/gi, ".").replace(/%2f/gi, "/").replace(/%5c/gi, "\\");
}
