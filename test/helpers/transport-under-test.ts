/**
 * How ingresses under test reach the gateway: `TWINSPAN_TEST_TRANSPORT=exchange` runs the same tests over Exchange. Default:
 * a call each.
 */
export const TRANSPORT = transportOf(process.env["TWINSPAN_TEST_TRANSPORT"] ?? "per-call");

function transportOf(word: string): "per-call" | "exchange" {
  if (word === "per-call" || word === "exchange") return word;
  throw new Error(`TWINSPAN_TEST_TRANSPORT must be per-call or exchange, not ${word}`);
}
