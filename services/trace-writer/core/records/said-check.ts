import { isPriceVersion } from "#lib/spans/price-version.ts";
import { USAGE_FIELDS } from "#lib/spans/usage.ts";
import { FINISH_REASONS_MAX, isErrorType } from "#lib/spans/words.ts";
import type { MirrorSpan } from "#proto/twinspan/trace/v1/mirror.ts";
import type { Cost, Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { NANO_USD_MAX, TOKENS_MAX } from "../totals/totals-limits.ts";

/** What a mirror may hold as a word: no spaces, no line ends, nothing that could be a sentence. */
const WORD = /^[\x21-\x7e]{0,128}$/;
const SERVER_URL = /^(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
const SERVER_URL_MAX = 255;

/** What both twins say of a whole call. */
type SaidOfCall = Pick<MirrorSpan, "errorType" | "endpointId" | "endpointName" | "serverUrl">;
/** What both twins say of an attempt. */
type SaidOfAttempt = Pick<
  MirrorSpan,
  | "errorType"
  | "provider"
  | "requestModel"
  | "responseModel"
  | "responseId"
  | "finishReasons"
  | "httpStatus"
  | "usage"
  | "cost"
>;

/** The rule that is broken by what is said of a call, with its field. Undefined: none is. */
export function checkSaidOfCall({ errorType, endpointId, endpointName, serverUrl }: SaidOfCall): string | undefined {
  if (!isErrorType(errorType)) return "error_type: must be of the closed list";
  if (!WORD.test(endpointId)) return wordRule("endpoint_id");
  if (!WORD.test(endpointName)) return wordRule("endpoint_name");
  if (serverUrl !== "" && (serverUrl.length > SERVER_URL_MAX || !SERVER_URL.test(serverUrl))) {
    return `server_url: must be host[:port], at most ${SERVER_URL_MAX} characters`;
  }
  return undefined;
}

/** The rule that is broken by what is said of an attempt, with its field. Undefined: none is. */
export function checkSaidOfAttempt(said: SaidOfAttempt): string | undefined {
  if (!isErrorType(said.errorType)) return "error_type: must be of the closed list";
  if (!WORD.test(said.provider)) return wordRule("provider");
  if (!WORD.test(said.requestModel)) return wordRule("request_model");
  if (!WORD.test(said.responseModel)) return wordRule("response_model");
  if (!WORD.test(said.responseId)) return wordRule("response_id");
  if (said.finishReasons.length > FINISH_REASONS_MAX) return `finish_reasons: must be at most ${FINISH_REASONS_MAX}`;
  if (said.httpStatus !== 0 && (said.httpStatus < 100 || said.httpStatus > 599)) {
    return "http_status: must be 0, or 100 to 599";
  }
  return checkUsage(said.usage) ?? checkCost(said.cost);
}

function wordRule(field: string): string {
  return `${field}: must be at most 128 printable characters without spaces`;
}

function checkUsage(usage: Usage | undefined): string | undefined {
  const wrong = usage !== undefined && USAGE_FIELDS.some((field) => isOutside(usage[field], TOKENS_MAX));
  return wrong ? "usage: counts must be 0 to 10^12" : undefined;
}

function checkCost(cost: Cost | undefined): string | undefined {
  if (cost === undefined) return undefined;
  const { inputNanoUsd, outputNanoUsd, totalNanoUsd, priceVersion } = cost;
  if (
    isOutside(inputNanoUsd, NANO_USD_MAX) ||
    isOutside(outputNanoUsd, NANO_USD_MAX) ||
    isOutside(totalNanoUsd, NANO_USD_MAX)
  ) {
    return "cost: must be 0 to 10^15 nano-dollars";
  }
  if (priceVersion === undefined || isPriceVersion(priceVersion)) return undefined;
  return "cost.price_version: must be 1 to 64 printable characters without spaces";
}

function isOutside(value: bigint | undefined, max: bigint): boolean {
  return value !== undefined && (value < 0n || value > max);
}
