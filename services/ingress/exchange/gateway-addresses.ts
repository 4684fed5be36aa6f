import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

/** What a target names: the addresses of copies now, and how a channel to one of them must present itself. */
export interface GatewayAddresses {
  /** Looks them up, each as a target of gRPC's with one address. Throws where the name cannot be looked up. */
  lookUp(): Promise<readonly string[]>;
  /** Whether they may change. */
  readonly mayChange: boolean;
  /** The `:authority` of calls, and what certificates must be for (without its port). Undefined: the address itself. */
  readonly authority: string | undefined;
}

/** What a port is that is not said: gRPC's own default. */
const PORT = "443";

/** Reads a target: `dns:///host:port`, `host:port`, `ipv4:a:p,b:p`, `ipv6:[a]:p,…`; any other is one address as it is. */
export function gatewayAddressesOf(target: string): GatewayAddresses {
  const [scheme = ""] = /^[a-z0-9]+(?=:)/.exec(target) ?? [];
  if (scheme === "ipv4" || scheme === "ipv6") {
    const all = target.slice(scheme.length + 1).split(",");
    return fixed(all.map((address) => `${scheme}:${address.trim()}`));
  }
  if (scheme === "unix" || scheme === "xds") return fixed([target]);
  const authority = target.replace(/^dns:(\/\/[^/]*\/)?/, "");
  const [, host = authority, port = PORT] = /^(.*?)(?::(\d+))?$/.exec(authority) ?? [];
  const name = host.replace(/^\[(.*)\]$/, "$1");
  return {
    authority,
    mayChange: isIP(name) === 0,
    async lookUp() {
      const found = await lookup(name, { all: true });
      return found.map(({ address, family }) =>
        family === 6 ? `ipv6:[${address}]:${port}` : `ipv4:${address}:${port}`,
      );
    },
  };
}

function fixed(addresses: readonly string[]): GatewayAddresses {
  return { authority: undefined, mayChange: false, lookUp: async () => addresses };
}
