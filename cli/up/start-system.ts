import { join } from "node:path";
import type { Config } from "#lib/config/schema.ts";
import { ROOT } from "../config-source.ts";
import { endpointWordsOf } from "../endpoint-words.ts";
import type { CliError, CliIo } from "../io.ts";
import type { NeededAddress } from "./checks.ts";
import { startServiceProcess } from "./service-process.ts";

/** All that runs. Disposing of it stops it in the reverse order of its start. */
export interface System extends AsyncDisposable {
  /** Resolves when one of the processes ends unasked, with what to tell the user. */
  readonly died: Promise<CliError>;
}

/** A process of the system, and how the user is told of it. */
interface Part {
  readonly name: string;
  readonly command: readonly string[];
  readonly readyUrl: string;
  /** The line when it is ready. Undefined: it is not worth one. */
  readonly line: string | undefined;
}

/** How long a service may take until it is ready, in milliseconds. */
const READY_MS = 30_000;

/** The addresses that the system needs. */
export function addressesOf({ ingress, gateway, traceWriter, providers }: Config): readonly NeededAddress[] {
  const scripted = scriptedListenOf(providers);
  return [
    { listen: ingress.listen, setting: "ingress.listen" },
    { listen: gateway.listen, setting: "gateway.listen" },
    { listen: traceWriter.listen, setting: "traceWriter.listen" },
    ...(scripted === undefined ? [] : [{ listen: scripted, setting: "providers.scripted.baseUrl" }]),
    { listen: gateway.ops, setting: "gateway.ops" },
    { listen: traceWriter.ops, setting: "traceWriter.ops" },
  ];
}

/** Starts every part as a process of its own, one after the other, each once the one before is ready. */
export async function startSystem(config: Config, configFile: string, io: CliIo): Promise<System> {
  await using owned = new AsyncDisposableStack();
  const deaths: Promise<CliError>[] = [];
  const failed = new AbortController();
  for (const { name, command, readyUrl, line } of partsOf(config)) {
    const started = startServiceProcess({
      name,
      command,
      readyUrl,
      directory: io.directory,
      environment: { ...io.environment, TWINSPAN_CONFIG: configFile },
      logFile: join(io.directory, "var/log", `${name}.log`),
      readyMs: READY_MS,
      stop: AbortSignal.any([io.stop, failed.signal]),
      stopNow: io.stopNow,
    });
    // What runs already may end meanwhile, and then this one would wait in vain.
    const ready = await Promise.race([started, ...deaths]);
    if (ready instanceof Error) {
      failed.abort();
      await started.then((running) => running[Symbol.asyncDispose]()).catch(() => {});
      throw ready;
    }
    deaths.push(owned.use(ready).died);
    if (line !== undefined) io.out(`${name.padEnd(13)} ready   ${line}\n`);
  }
  const kept = owned.move();
  return { died: Promise.race(deaths), [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function partsOf(config: Config): readonly Part[] {
  const { ingress, gateway, traceWriter, endpoints, providers } = config;
  const scripted = scriptedListenOf(providers);
  const mainOf = (service: string) => [join(ROOT, "services", service, "main.ts")];
  return [
    ...(scripted === undefined
      ? []
      : [
          {
            name: "scripted-provider",
            command: [join(ROOT, "examples/scripted-provider/main.ts"), scripted],
            readyUrl: `http://${scripted}/v1/models`,
            line: undefined,
          },
        ]),
    {
      name: "trace-writer",
      command: mainOf("trace-writer"),
      readyUrl: `http://${traceWriter.ops}/readyz`,
      line: `${traceWriter.listen}   store ${traceWriter.store.sqlite.path} (SQLite)`,
    },
    {
      name: "gateway",
      command: mainOf("gateway"),
      readyUrl: `http://${gateway.ops}/readyz`,
      line: `${gateway.listen}   ${endpoints.length} endpoints: ${endpointWordsOf(config)}`,
    },
    {
      name: "ingress",
      command: mainOf("ingress"),
      readyUrl: `http://${ingress.listen}/readyz`,
      line: `http://${ingress.listen}`,
    },
  ];
}

/** Where the scripted provider listens. Undefined: the configuration has none on this machine. */
function scriptedListenOf(providers: Config["providers"]): string | undefined {
  const url = providers["scripted"]?.baseUrl;
  const host = url === undefined ? undefined : new URL(url).host;
  return host?.startsWith("127.0.0.1:") ? host : undefined;
}
