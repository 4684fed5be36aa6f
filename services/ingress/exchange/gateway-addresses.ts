import { isIPv6 } from "node:net";
import { lookUp, mayMove, namedHostsOf } from "#lib/rpc/named-hosts.ts";

/** What a target names: the addresses of copies now, and how a channel to one of them must present itself. */
export interface GatewayAddresses {
  /** Looks them up, each as a target of gRPC's with one address. Throws where the name cannot be looked up. */
  lookUp(): Promise<readonly string[]>;
  /** Whether they may change. */
  readonly mayChange: boolean;
  /** The `:authority` of calls, and what certificates must be for (without its port). Undefined: the address itself. */
  readonly authority: string | undefined;
}

/** Reads a target: `dns:///a:p,b:p`, `host:port`, `ipv4:a:p,b:p`, `ipv6:[a]:p,…`; any other is one address as it is. */
export function gatewayAddressesOf(target: string): GatewayAddresses {
  const [scheme = ""] = /^[a-z0-9]+(?=:)/.exec(target) ?? [];
  if (scheme === "ipv4" || scheme === "ipv6") {
    const all = target.slice(scheme.length + 1).split(",");
    return fixed(all.map((address) => `${scheme}:${address.trim()}`));
  }
  if (scheme === "unix" || scheme === "xds") return fixed([target]);
  const [, nameServer, path = target] = /^(?:dns:)?(?:\/\/([^/]*)\/)?(.+)$/.exec(target) ?? [];
  const named = namedHostsOf(path, nameServer);
  return {
    authority: path.split(",", 1)[0],
    mayChange: mayMove(named),
    lookUp: async () => (await lookUp(named)).map(({ host, port }) => addressOf(host, port)),
  };
}

function addressOf(host: string, port: number): string {
  return isIPv6(host) ? `ipv6:[${host}]:${port}` : `ipv4:${host}:${port}`;
}

function fixed(addresses: readonly string[]): GatewayAddresses {
  return { authority: undefined, mayChange: false, lookUp: async () => addresses };
}
