import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePorts } from "../../tools/free-ports.ts";
import type { Mode } from "../modes.ts";
import { listensAt, type MeasuredProcess, startProcess } from "../processes.ts";
import type { Asked, Target } from "./target.ts";

/** Starts the provider. It is measured beside every target, and is a target itself: D. */
export async function startProvider(
  directory: string,
): Promise<{ readonly provider: MeasuredProcess; readonly target: Target }> {
  const [port = 0] = await freePorts(1);
  const provider = await startChain("provider", port, [], directory);
  return { provider, target: plainTarget("D", port, [provider]) };
}

/** Starts P. */
export async function startProxy(providerPort: number, directory: string): Promise<Target> {
  const [port = 0] = await freePorts(1);
  return plainTarget("P", port, [await startChain("proxy", port, [providerPort], directory)]);
}

/** Starts U. */
export async function startUnaryChain(providerPort: number, directory: string): Promise<Target> {
  const [port = 0, inner = 0] = await freePorts(2);
  const gateway = await startChain("unary-gateway", inner, [providerPort], directory);
  return plainTarget("U", port, [await startChain("unary-ingress", port, [inner], directory), gateway]);
}

/** A target that hands everything on to the provider as it is asked. */
export function plainTarget(name: string, port: number, processes: readonly MeasuredProcess[]): Target {
  return { name, port, processes, ask: askedOf, settle: async () => undefined };
}

function askedOf({ answer }: Mode): Asked {
  return { path: `/${answer}/v1/chat/completions`, model: "bench-1", headers: {}, withContext: false };
}

function startChain(
  name: string,
  port: number,
  others: readonly number[],
  directory: string,
): Promise<MeasuredProcess> {
  return startProcess({
    name,
    args: [fileURLToPath(new URL(`../chains/${name}.ts`, import.meta.url)), ...[port, ...others].map(String)],
    logFile: join(directory, `${name}.log`),
    isReady: () => listensAt(port),
  });
}
