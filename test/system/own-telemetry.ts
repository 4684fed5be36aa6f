import { trace } from "@opentelemetry/api";
import { NodeSDK } from "@opentelemetry/sdk-node";

/** OpenTelemetry's own SDK, switched on for this process as an operator may do: every span is sampled. */
export interface OwnTelemetry extends AsyncDisposable {
  /** How many spans were begun. */
  readonly spans: number;
}

/** Registers it globally, until it is disposed of. */
export function startOwnTelemetry(): OwnTelemetry {
  let spans = 0;
  const count = () => {
    spans += 1;
  };
  const spanProcessor = { onStart: count, onEnd() {}, async forceFlush() {}, async shutdown() {} };
  const sdk = new NodeSDK({ autoDetectResources: false, instrumentations: [], spanProcessors: [spanProcessor] });
  sdk.start();
  return {
    get spans() {
      return spans;
    },
    async [Symbol.asyncDispose]() {
      await sdk.shutdown();
      trace.disable();
    },
  };
}
