import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { debianProgram } from "../../tools/packages/debian-package.ts";

/** A certificate and its key: PEM files. */
export interface IssuedCertificate {
  readonly certFile: string;
  readonly keyFile: string;
}

/** An authority that nobody believes unless they are told to. Disposing of it removes its files. */
export interface TestAuthority extends Disposable {
  /** Its own certificate: a PEM file. */
  readonly caFile: string;
  /** Where its files are. */
  readonly directory: string;
  /**
   * Issues a certificate of that common name, for loopback, valid for some days. `file` is the name of its files,
   * without ending.
   */
  issue(
    commonName: string,
    options?: { readonly names?: readonly string[]; readonly days?: number; readonly file?: string },
  ): IssuedCertificate;
}

const LOOPBACK = ["DNS:localhost", "IP:127.0.0.1"];
const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Makes an authority with OpenSSL's program. */
export async function createTestAuthority(): Promise<TestAuthority> {
  const openssl = await debianProgram("openssl", "openssl");
  const directory = mkdtempSync(join(tmpdir(), "twinspan-ca-"));
  const run = (...args: readonly string[]) => execFileSync(openssl, args, { cwd: directory, stdio: "pipe" });
  const caFile = join(directory, "ca.crt");
  run("req", "-x509", ...KEY, "-keyout", "ca.key", "-out", caFile, "-days", "30", "-subj", "/CN=a test authority");
  return {
    caFile,
    directory,
    issue(commonName, { names = LOOPBACK, days = 30, file = commonName } = {}) {
      const issued = { certFile: join(directory, `${file}.crt`), keyFile: join(directory, `${file}.key`) };
      writeFileSync(join(directory, `${file}.ext`), `subjectAltName=${names.join(",")}\n`);
      run("req", "-new", ...KEY, "-keyout", issued.keyFile, "-out", `${file}.csr`, "-subj", `/CN=${commonName}`);
      const by = ["-CA", caFile, "-CAkey", "ca.key", "-CAcreateserial", "-extfile", `${file}.ext`];
      run("x509", "-req", "-in", `${file}.csr`, "-out", issued.certFile, "-days", String(days), ...by);
      return issued;
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}
