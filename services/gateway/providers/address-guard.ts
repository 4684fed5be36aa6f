import { lookup as dnsLookup, type LookupAddress } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";

/** An address that may not be called. Which one it was is in `address`; the message can be shown to anybody. */
export class AddressRefusedError extends Error {
  override readonly name = "AddressRefusedError";
  readonly code = "ADDRESS_REFUSED";
  readonly address: string;

  constructor(address: string) {
    super("the address is private, loopback, link-local or reserved");
    this.address = address;
  }
}

/** Decides which addresses a provider may be at. */
export interface AddressGuard {
  /** Throws an AddressRefusedError for a host that is written as an address and may not be called. Names pass. */
  checkHost(host: string): void;
  /**
   * Resolves a name for a connection that is being opened, and refuses it when any of its addresses may not be called:
   * what is checked is what is connected to, so that a name cannot change its mind in between.
   */
  readonly lookup: LookupFunction;
}

/**
 * A guard that lets public addresses pass, and those that the operator allows: `allowed` has addresses and CIDR ranges.
 * Throws an Error when one of them is neither.
 */
export function createAddressGuard(allowed: readonly string[]): AddressGuard {
  const ranges = allowed.map(rangeOf);
  const check = (address: string) => {
    const parsed = ipaddr.process(address);
    if (parsed.range() === "unicast") return;
    if (ranges.some(([base, bits]) => base.kind() === parsed.kind() && parsed.match(base, bits))) return;
    throw new AddressRefusedError(address);
  };
  // A provider is asked at the same host again and again.
  let passed: string | undefined;
  return {
    checkHost(host) {
      if (host === passed) return;
      const bare = host.replace(/^\[|\]$/g, "");
      if (isIP(bare) !== 0) check(bare);
      passed = host;
    },
    lookup(hostname, options, callback) {
      dnsLookup(hostname, { ...options, all: true }, (error, addresses) => {
        const refused = error ?? refusalOf(addresses, check);
        if (refused !== undefined) {
          callback(refused, []);
        } else if (options.all) {
          callback(null, addresses);
        } else {
          const [first] = addresses;
          callback(null, first?.address ?? "", first?.family);
        }
      });
    },
  };
}

function rangeOf(text: string): ReturnType<typeof ipaddr.parseCIDR> {
  if (!ipaddr.isValid(text)) return ipaddr.parseCIDR(text);
  const address = ipaddr.parse(text);
  return ipaddr.parseCIDR(`${text}/${address.kind() === "ipv4" ? 32 : 128}`);
}

function refusalOf(addresses: readonly LookupAddress[], check: (address: string) => void): Error | undefined {
  try {
    for (const { address } of addresses) check(address);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
