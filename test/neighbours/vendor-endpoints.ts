import { VENDORS, type VendorName } from "../../examples/scripted-provider/vendors.ts";
import type { ScriptedEndpoint } from "../system/start-gateway.ts";

/** An endpoint of Anthropic's, whose callers speak something else. */
export const ANTHROPIC = {
  provider: (url: string) => ({ kind: "anthropic", apiKey: "the-key", baseUrl: vendorUrl("anthropic", url) }),
};

/** Where the scripted provider plays somebody. */
export function vendorUrl(vendor: VendorName, url: string): string {
  return new URL(url).origin + VENDORS[vendor].prefix + VENDORS[vendor].base;
}

/** An endpoint of a model of that kind, with further settings of its provider. */
export function endpointOf(kind: VendorName, also: object = {}): ScriptedEndpoint {
  return { provider: (url) => ({ kind, apiKey: "the-key", baseUrl: vendorUrl(kind, url), ...also }) };
}
