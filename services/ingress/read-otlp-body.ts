import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { ServiceError } from "#lib/service-error.ts";
import { encodingOf, printable } from "./core/content.ts";
import { readBody } from "./read-body.ts";

const SETTING = "ingress.limits.otlpBytesMax";
const inflate = promisify(gunzip);

/**
 * The body of an OTLP export, decompressed. `bytesMax` holds before and after decompression; more is
 * `request_too_large`. A compression other than gzip is `unsupported_media_type`, a body that is not what it says is
 * `invalid_request`.
 */
export async function readOtlpBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const encoding = encodingOf(request.headers);
  if (encoding !== "identity" && encoding !== "gzip") {
    throw new ServiceError(
      "unsupported_media_type",
      `The request has content-encoding ${printable(encoding)}. Send gzip, or nothing.`,
    );
  }
  const body = await readBody(request, bytesMax, SETTING);
  if (encoding === "identity" || body.length === 0) return body;
  try {
    return await inflate(body, { maxOutputLength: bytesMax });
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new ServiceError(
        "request_too_large",
        `The body is larger than ${bytesMax} bytes once decompressed (${SETTING}). Send smaller batches.`,
        { cause },
      );
    }
    throw new ServiceError("invalid_request", "The body is not gzip, though content-encoding says so.", { cause });
  }
}
