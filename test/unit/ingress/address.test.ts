import fc from "fast-check";
import { expect, test } from "vitest";
import { pathOf, queryCredentialsOf, queryTargetOf, rawTargetOf } from "../../../services/ingress/core/address.ts";

test("an address has a path, also when it is a whole URL", () => {
  const addresses = ["/a/b?c=/d", "/a/b", "http://host/a/b?c", "http://host?c"];
  expect(addresses.map(pathOf)).toEqual(["/a/b", "/a/b", "/a/b", "/"]);
});

const segments = fc.array(fc.stringMatching(/^[^/?#]{0,9}$/), { maxLength: 6 });
const parameters = fc.array(fc.stringMatching(/^[a-z_]{0,5}(?:=[a-z0-9%=+.]{0,5})?$/), { maxLength: 5 });
const CREDENTIAL = /^(?:key|api_key|api-key|apikey|access_token)(?:=|$)/;

test("a raw target is what stands behind the endpoint, byte for byte", () => {
  fc.assert(
    fc.property(segments, parameters, fc.constantFrom("", "http://host:1"), (given, query, origin) => {
      const path = `/${given.join("/")}`;
      const kept = query.filter((one) => !CREDENTIAL.test(one)).join("&");
      const url = `${origin}/gateway/proxy/demo${path}${query.length > 0 ? `?${query.join("&")}` : ""}`;
      expect(rawTargetOf("PUT", url, 3)).toEqual({ method: "PUT", path, query: kept });
    }),
  );
});

test("no query that goes on names a key, however it is encoded", () => {
  const encoded = fc.constantFrom("key", "%6bey", "k%65y", "KEY", "api_key", "api%5Fkey", "apikey", "access%5ftoken");
  fc.assert(
    fc.property(encoded, parameters, parameters, (name, before, after) => {
      const url = `/a?${[...before, `${name}=SESAME`, ...after].join("&")}`;
      expect(queryTargetOf(url)?.query ?? "").not.toContain("SESAME");
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
