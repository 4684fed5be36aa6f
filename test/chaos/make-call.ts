import { Agent, type ClientRequest, type IncomingMessage, request as startRequest } from "node:http";
import type { GatewayClient } from "../callers/gateway-client.ts";
import { formOf, type PlannedCall } from "./planned-call.ts";

/** A call that was made, and what its caller saw of it. */
export interface SeenCall {
  readonly planned: PlannedCall;
  /** The HTTP status, or the provider's. 0: the connection broke before there was one, or twinspan refused over gRPC. */
  readonly status: number;
  /** The full trace that the answer names, `tr-…`. Undefined: it names none. */
  readonly traceName: string | undefined;
  readonly body: string;
  /** Whether it went well to its terminal event, so that it counts as recorded (tracing.md §7). */
  readonly isWell: boolean;
}

/** Nobody waits longer than that for an answer. */
const PATIENCE_MS = 25_000;

const agent = new Agent({ keepAlive: true });

/** Makes a call over HTTP, and reads its answer until it ends, breaks off, or the caller hangs up. Never rejects. */
export async function makeHttpCall(url: string, planned: PlannedCall): Promise<SeenCall> {
  const { asked, hangUpAfterBytes = Number.POSITIVE_INFINITY } = planned;
  const form = formOf(planned.form);
  const sent = startRequest(url + form.path(asked), {
    method: "POST",
    agent,
    headers: { "content-type": "application/json", ...Object.fromEntries(headersOf(planned)) },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  sent.end(JSON.stringify(form.body(asked)));
  let response: IncomingMessage | undefined;
  let body = "";
  try {
    response = await responseTo(sent);
    for await (const part of response.setEncoding("utf8")) {
      body += part;
      if (body.length >= hangUpAfterBytes) sent.destroy();
    }
  } catch {
    // A connection that breaks is what this is about: what came so far says it.
  }
  const status = response?.statusCode ?? 0;
  const named = response?.headers["x-twinspan-trace-id"];
  const isWell = status === 200 && form.hasEnded(body, asked, response?.complete === true);
  return { planned, status, traceName: typeof named === "string" ? named : undefined, body, isWell };
}

/** Makes a call over gRPC, straight to the gateway. Never rejects. */
export async function makeGrpcCall(client: GatewayClient, planned: PlannedCall): Promise<SeenCall> {
  const { asked } = planned;
  const form = formOf(planned.form);
  const told = await client[asked.stream ? "stream" : "invoke"]({
    model: asked.endpoint,
    body: JSON.stringify(form.body(asked)),
    headers: headersOf(planned),
    options: { deadline: Date.now() + PATIENCE_MS },
  });
  const status = told.head?.status ?? 0;
  const [named] = told.metadata.get("x-twinspan-trace-id");
  const isWell = told.error === undefined && status === 200 && form.hasEnded(told.body, asked, true);
  return { planned, status, traceName: typeof named === "string" ? named : undefined, body: told.body, isWell };
}

function headersOf({ id, traceparent }: PlannedCall): readonly (readonly [string, string])[] {
  const session = ["x-twinspan-session-id", id] as const;
  return traceparent === undefined ? [session] : [session, ["traceparent", traceparent]];
}

function responseTo(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => sent.once("response", resolve).on("error", reject));
}
