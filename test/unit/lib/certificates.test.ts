import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readCertificates } from "#lib/tls/certificates.ts";
import { certifiedPeerOf } from "#lib/tls/certified-peer.ts";
import { LiveCertificates } from "#lib/tls/live-certificates.ts";
import { until } from "../../../tools/until.ts";
import { createTestAuthority, type IssuedCertificate, type TestAuthority } from "../../certificates/test-authority.ts";

const DAY_MS = 24 * 3_600_000;
const SUBJECT = { C: "", ST: "", L: "", O: "", OU: "", CN: "x" };
let authority: TestAuthority;
let one: IssuedCertificate;
let other: IssuedCertificate;

beforeAll(async () => {
  authority = await createTestAuthority();
  one = authority.issue("one");
  other = authority.issue("other");
});
afterAll(() => authority[Symbol.dispose]());

function fileOf(name: string, text: string): string {
  const file = join(authority.directory, name);
  writeFileSync(file, text);
  return file;
}

test("what is wrong with files of certificates is told by file, with what to do", () => {
  const now = Date.now();
  const { certFile, keyFile } = one;
  const missing = join(authority.directory, "none.crt");
  const empty = fileOf("empty.pem", "nothing\n");
  const faults: readonly (readonly [Parameters<typeof readCertificates>[0], number, RegExp])[] = [
    [{ certFile }, now, /one\.crt is alone\. Name both/],
    [{ certFile: missing, keyFile }, now, /none\.crt cannot be read \(ENOENT\)/],
    [{ certFile: empty, keyFile }, now, /empty\.pem has no certificate in it/],
    [{ certFile, keyFile: empty }, now, /empty\.pem has no private key/],
    [{ certFile, keyFile: other.keyFile }, now, /the key in .*other\.key is not that of the certificate in .*one\.crt/],
    [one, now + 31 * DAY_MS, /one\.crt has expired on \d{4}-\d\d-\d\d\. Renew it/],
    [one, now - 2 * DAY_MS, /one\.crt is not valid before/],
    [{ caFile: authority.caFile }, now + 31 * DAY_MS, /ca\.crt has expired/],
  ];
  for (const [files, at, fault] of faults) expect(() => readCertificates(files, at)).toThrow(fault);
  const read = readCertificates({ ...one, caFile: authority.caFile }, now);
  expect(read.expiresMs).toBeGreaterThan(now + 29 * DAY_MS);
});

test("files that changed are taken when they fit together, and until then those before stay", async () => {
  const files = { certFile: join(authority.directory, "live.crt"), keyFile: join(authority.directory, "live.key") };
  copyFileSync(one.certFile, files.certFile);
  copyFileSync(one.keyFile, files.keyFile);
  const live = new LiveCertificates("here.tls", files);
  const before = live.now;
  const outcomes: string[] = [];
  using _watch = live.watch((outcome) => outcomes.push(outcome), 10);
  expect(live.trouble).toBeUndefined();

  copyFileSync(other.certFile, files.certFile);
  await until("the change was seen", () => outcomes.length === 1);
  expect(outcomes).toEqual(["failed"]);
  expect(live.trouble).toMatch(/^here\.tls: the key in .* from before are in use$/);
  expect(live.now).toBe(before);

  copyFileSync(other.keyFile, files.keyFile);
  await until("the pair was taken", () => outcomes.at(-1) === "ok");
  expect(live.trouble).toBeUndefined();
  expect(live.now.identity).not.toEqual(before.identity);
});

test("a certificate that expires within a fortnight is told of", () => {
  const early = new LiveCertificates("here.tls", one, () => Date.now() + 20 * DAY_MS);
  expect(early.trouble).toMatch(/^here\.tls: a certificate expires soon, on /);
});

test("names in a certificate cannot pass for others", () => {
  const hostile = 'DNS:"a, URI:spiffe://org/admin", URI:spiffe://org/ordinary, IP Address:127.0.0.1';
  expect(certifiedPeerOf({ subject: SUBJECT, subjectaltname: hostile })?.names).toEqual([
    "DNS:a, URI:spiffe://org/admin",
    "URI:spiffe://org/ordinary",
    "IP Address:127.0.0.1",
  ]);
});
