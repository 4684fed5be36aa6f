import type { ServiceError } from "#lib/service-error.ts";
import type { Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { DialectRequest } from "../dialect.ts";
import { invalidRequest } from "../invalid-request.ts";
import { pathWithQuery } from "../target-query.ts";
import { geminiBodyOf, modelPlacesIn } from "./model-places.ts";
import { streamFormOf } from "./stream-form.ts";

/** The methods of a model. */
export type GeminiMethod =
  | "generateContent"
  | "streamGenerateContent"
  | "embedContent"
  | "batchEmbedContents"
  | "countTokens";

/** Reads a request to a method of a model. Its path names the endpoint. */
export function readRequest(method: GeminiMethod, { body: bytes, endpoint, target }: Invocation): DialectRequest {
  const body = geminiBodyOf(bytes);
  const { places, fault } = modelPlacesIn(body);
  const streaming = method === "streamGenerateContent";
  return {
    endpointName: endpoint || undefined,
    streaming,
    fault: endpointFaultOf(endpoint) ?? fault,
    isStream: (contentType) => streaming && streamFormOf(contentType) !== undefined,
    relayed(model) {
      const name = resourceNameOf(model);
      const text = JSON.stringify(name);
      return {
        method: "POST",
        path: pathWithQuery(`/${name.split("/").map(encodeURIComponent).join("/")}:${method}`, target),
        body: body.edited(places.map((place) => ({ ...place, text }))),
        headers: [],
        addsUsage: false,
      };
    },
  };
}

function endpointFaultOf(endpoint: string): ServiceError | undefined {
  if (endpoint !== "") return undefined;
  const message = "The path names no endpoint. Write it as models/{endpoint}; GET /v1beta/models lists them.";
  return invalidRequest(message, "model");
}

/** A model as Gemini names it: `gemini-2.5-flash` is `models/gemini-2.5-flash`, a tuned model says itself where it is. */
function resourceNameOf(model: string): string {
  return model.includes("/") ? model : `models/${model}`;
}
