import { lookup, NODATA, NOTFOUND, Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import { experimental } from "@grpc/grpc-js";

/** Where a server is. */
export interface HostPort {
  /** A name or an address; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** What a `dns:` target names: `dns:///gateway:7001`, `dns:///gateway-a:7001,gateway-b:7001`, `dns://10.0.0.53/gateway:7001`. */
export interface NamedHosts {
  readonly hosts: readonly HostPort[];
  /** The DNS server that knows the names: an address, `:port` where it is not 53. Undefined: the system, and its hosts file. */
  readonly nameServer: string | undefined;
}

/** What a port is that is not said: gRPC's own default. */
const PORT = 443;
/** How long a DNS server may take, and how often it is asked, where a target names it. */
const ANSWER_MS = 1_000;
const TRIES = 2;

/** Reads the parts of a `dns:` target. Throws where there is no host. */
export function namedHostsOf(path: string, nameServer: string | undefined): NamedHosts {
  const hosts = path.split(",").map((part) => {
    const found = experimental.splitHostPort(part.trim());
    if (found === null || found.host === "") throw new Error(`"${part}" is no host:port`);
    return { host: found.host, port: found.port ?? PORT };
  });
  return { hosts, nameServer: nameServer === "" ? undefined : nameServer };
}

/** Whether addresses of it may come and go. */
export function mayMove({ hosts }: NamedHosts): boolean {
  return hosts.some(({ host }) => isIP(host) === 0);
}

/**
 * The addresses behind the hosts, each once. A name that nobody knows has none, as long as another has some. Throws
 * where there is none at all, and where it cannot be told: then whoever has addresses keeps them.
 */
export async function lookUp({ hosts, nameServer }: NamedHosts): Promise<readonly HostPort[]> {
  const resolver = nameServer === undefined ? undefined : resolverAt(nameServer);
  const answers = await Promise.allSettled(
    hosts.map(async ({ host, port }) =>
      (await addressesOf(host, resolver)).map((address) => ({ host: address, port })),
    ),
  );
  const failures = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason] : []));
  const found = new Map<string, HostPort>();
  for (const answer of answers) {
    if (answer.status === "fulfilled") for (const each of answer.value) found.set(`${each.host} ${each.port}`, each);
  }
  const failure = failures.find((reason) => !isUnknown(reason)) ?? (found.size === 0 ? failures[0] : undefined);
  if (failure !== undefined) throw failure;
  return [...found.values()];
}

function resolverAt(nameServer: string): Resolver {
  const resolver = new Resolver({ timeout: ANSWER_MS, tries: TRIES });
  resolver.setServers([nameServer]);
  return resolver;
}

async function addressesOf(host: string, resolver: Resolver | undefined): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  if (resolver === undefined) return (await lookup(host, { all: true })).map(({ address }) => address);
  const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  const failures = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason] : []));
  const failure = failures.find((reason) => !isUnknown(reason)) ?? (failures.length === 2 ? failures[0] : undefined);
  if (failure !== undefined) throw failure;
  return answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
}

/** Whether it is known that a name has no such address, and not merely unknown now. */
function isUnknown(reason: unknown): boolean {
  if (!(reason instanceof Error) || !("code" in reason)) return false;
  return reason.code === NOTFOUND || reason.code === NODATA;
}
