import type { Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import { type AnswerFacts, NO_FACTS } from "../../core/invocation.ts";
import { ProviderError } from "../../core/provider-error.ts";
import { coinedOf } from "../../core/words.ts";
import type { DialectRequest, DialectSupport } from "../dialect.ts";
import { JsonBody } from "../json-body.ts";
import { readModelRequest } from "../model-request.ts";
import { createNoStreamTap } from "../no-stream.ts";
import { openAiUsageOf } from "../openai-usage.ts";
import { headersNamed, OPENAI_HEADERS } from "../request-headers.ts";

/** OpenAI's embeddings (`POST /v1/embeddings`), which many other providers speak too. */
export const openAiEmbeddings: DialectSupport = {
  format: "openai-embeddings",
  requestType: RequestType.REQUEST_TYPE_OPENAI_EMBEDDINGS,
  messageFormat: undefined,
  readRequest,
  readAnswer,
  createStreamTap: createNoStreamTap,
};

function readRequest(invocation: Invocation): DialectRequest {
  const { endpointName, fault, sent } = readModelRequest(
    new JsonBody(invocation.body, ["model"]),
    invocation.endpoint,
    headersNamed(invocation.headers, OPENAI_HEADERS),
  );
  return {
    endpointName,
    streaming: false,
    fault,
    isStream: () => false,
    relayed: (model) => sent("/embeddings", model),
  };
}

/** Reads what embeddings say about themselves; the vectors, which are nearly all of it, are passed over. */
function readAnswer(body: Buffer): AnswerFacts {
  const answer = new JsonBody(body, ["data", "model", "usage"]);
  if (answer.fault !== undefined || !answer.holdsList("data")) {
    const message = "The provider's answer is not a list of embeddings. Check its base URL.";
    throw new ProviderError("provider_protocol", message, { text: body.toString("utf8") });
  }
  return { ...NO_FACTS, responseModel: coinedOf(answer.value("model")), usage: openAiUsageOf(answer.value("usage")) };
}
