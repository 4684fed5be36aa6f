import { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { DialectSupport } from "../dialect.ts";
import { readAnswer } from "./answer.ts";
import { readRequest } from "./request.ts";
import { RawTap } from "./tap.ts";

/** Whatever else a provider speaks: bytes to a path of its own, and the bytes of its answer, neither read nor rewritten. */
export const raw: DialectSupport = {
  format: "raw",
  requestType: RequestType.REQUEST_TYPE_RAW,
  messageFormat: undefined,
  readRequest,
  readAnswer,
  createStreamTap: (options) => new RawTap(options),
};
