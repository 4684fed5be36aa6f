import { once } from "node:events";
import type { ClientDuplexStream, ServiceError as RpcError } from "@grpc/grpc-js";
import { channelCredentials, channelOptions } from "#lib/rpc/client.ts";
import type {
  CallerFrame,
  ExchangeRequest,
  ExchangeResponse,
  GatewayFrame,
  OpenFrame,
} from "#proto/twinspan/gateway/v1/exchange.ts";
import { GatewayServiceClient } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { until } from "../../../tools/until.ts";
import { bodyOf } from "../../callers/gateway-client.ts";

type Case<Frame extends { readonly $case: string } | undefined, Name> = Extract<Frame, { readonly $case: Name }>;

/** An Exchange stream as any client of the contract would speak it, frame by frame. */
export interface ExchangeStream extends Disposable {
  /** How many frames each message had that came. */
  readonly messages: readonly number[];
  /** The error that the stream broke with. */
  readonly error: RpcError | undefined;
  /** Whether the gateway has ended it well. */
  readonly hasEnded: boolean;
  /** Sends frames as one message. */
  send(...frames: readonly CallerFrame[]): void;
  /** Reads nothing until it is resumed. */
  pause(): void;
  resume(): void;
  /** Ends the caller's side. */
  end(): void;
  /** The frames of a kind that have come for an invocation; 0: for the stream. */
  frames<Name extends string>(id: number, name: Name): readonly Case<GatewayFrame["frame"], Name>[];
  /** Waits for an invocation's end. */
  ended(id: number): Promise<Case<GatewayFrame["frame"], "end">["value"]>;
  /** What came of an invocation's answer so far. */
  answer(id: number): Buffer;
}

/** Opens one, and waits until the gateway has taken it. `windowBytes`: how much may be on its way to it that it does not read. */
export async function openExchange(address: string, windowBytes = 4 * 1024 * 1024): Promise<ExchangeStream> {
  const options = { ...channelOptions(1024 * 1024), "grpc-node.flow_control_window": windowBytes };
  const client = new GatewayServiceClient(address, channelCredentials(), options);
  const stream: ClientDuplexStream<ExchangeRequest, ExchangeResponse> = client.exchange();
  const came: GatewayFrame[] = [];
  const messages: number[] = [];
  let error: RpcError | undefined;
  let hasEnded = false;
  stream.on("error", (thrown: RpcError) => {
    error = thrown;
  });
  stream.on("end", () => {
    hasEnded = true;
  });
  stream.on("data", ({ frames }: ExchangeResponse) => {
    messages.push(frames.length);
    came.push(...frames);
  });
  await once(stream, "metadata");
  const opened: ExchangeStream = {
    messages,
    get error() {
      return error;
    },
    get hasEnded() {
      return hasEnded;
    },
    send: (...frames) => void stream.write({ frames: [...frames] }),
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    end: () => stream.end(),
    frames: (id, name) => came.flatMap((frame) => (frame.id === id && isCase(frame.frame, name) ? [frame.frame] : [])),
    async ended(id) {
      await until(`invocation ${id} has ended`, () => opened.frames(id, "end").length > 0);
      const [end] = opened.frames(id, "end");
      return end?.value ?? { status: undefined, trailers: [] };
    },
    answer: (id) => Buffer.concat(opened.frames(id, "piece").map(({ value }) => value.chunk)),
    [Symbol.dispose]() {
      stream.cancel();
      client.close();
    },
  };
  return opened;
}

/** The frame that opens a chat with a model's endpoint. `more` replaces parts of it. */
export function openFrame(id: number, model: string, more: Partial<OpenFrame> = {}, stream = false): CallerFrame {
  const invocation = {
    dialect: Dialect.DIALECT_OPENAI_CHAT,
    endpoint: "",
    body: bodyOf({ model, stream }),
    target: undefined,
    headers: [],
    credentials: [],
  };
  return {
    id,
    frame: {
      $case: "open",
      value: { metadata: [], timeoutMillis: 0, invocation, isWhole: true, bodyBytes: 0, ...more },
    },
  };
}

function isCase<Frame extends { readonly $case: string }, Name extends string>(
  frame: Frame | undefined,
  name: Name,
): frame is Case<Frame, Name> {
  return frame?.$case === name;
}
