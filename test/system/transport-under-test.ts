/**
 * How ingresses under test reach the gateway: `TWINSPAN_TEST_TRANSPORT=per-call` runs the same tests with a gRPC call
 * for each. Default: over Exchange.
 */
export const TRANSPORT = transportOf(process.env["TWINSPAN_TEST_TRANSPORT"] ?? "exchange");

function transportOf(word: string): "exchange" | "per-call" {
  if (word === "per-call" || word === "exchange") return word;
  throw new Error(`TWINSPAN_TEST_TRANSPORT must be exchange or per-call, not ${word}`);
}
