import { credentials, Metadata } from "@grpc/grpc-js";
import { SpanStatusCode, trace } from "@opentelemetry/api";
import { GatewayServiceClient, type InvokeResponse } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";

/** What came of a question. */
export interface Answered {
  /** This service's own trace, `tr-<32 hex>`. */
  readonly traceId: string;
  /** The gateway's full trace of the call. */
  readonly gatewayTraceId: string;
  /** The provider's HTTP status: its own errors are answers, not gRPC errors. */
  readonly status: number;
  /** The provider's body, as it wrote it. */
  readonly body: string;
}

const CALL_MS = 60_000;

/** Asks an endpoint of the gateway at `target`. The trace context travels by itself: the channel is instrumented. */
export function askGateway(target: string, endpoint: string, question: string): Promise<Answered> {
  const client = new GatewayServiceClient(target, credentials.createInsecure());
  const body = JSON.stringify({ model: endpoint, messages: [{ role: "user", content: question }] });
  return trace.getTracer("example-grpc-client").startActiveSpan("serve a request", async (span) => {
    try {
      const { head, body: answer, summary } = await invoke(client, Buffer.from(body));
      return {
        traceId: `tr-${span.spanContext().traceId}`,
        gatewayTraceId: summary?.traceId ?? "",
        status: head?.status ?? 0,
        body: answer.toString(),
      };
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
      client.close();
    }
  });
}

function invoke(client: GatewayServiceClient, body: Buffer): Promise<InvokeResponse> {
  const request = {
    invocation: {
      dialect: Dialect.DIALECT_OPENAI_CHAT,
      endpoint: "",
      body,
      target: undefined,
      headers: [],
      credentials: [],
    },
  };
  return new Promise((resolve, reject) => {
    client.invoke(request, new Metadata(), { deadline: Date.now() + CALL_MS }, (error, response) =>
      error === null ? resolve(response) : reject(error),
    );
  });
}
