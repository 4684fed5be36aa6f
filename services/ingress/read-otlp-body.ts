import type { IncomingMessage } from "node:http";
import { constants, createGunzip, createZstdDecompress } from "node:zlib";
import { ServiceError } from "#lib/service-error.ts";
import type { HeldBody } from "./body-budget.ts";
import { encodingOf, printable } from "./core/content.ts";
import { readBody } from "./read-body.ts";

const SETTING = "ingress.limits.otlpBytesMax";
/** How much is decompressed at a time. */
const PIECE_BYTES = 256 * 1024;
/** The largest window of zstd over HTTP is 8 MiB (RFC 9659): what a frame asks for is allocated before it is read. */
const ZSTD_WINDOW_LOG_MAX = 23;

const gunzip = () => createGunzip({ chunkSize: PIECE_BYTES });
const unzstd = () =>
  createZstdDecompress({
    chunkSize: PIECE_BYTES,
    params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX },
  });
/** By content-encoding. `x-gzip` is the same as gzip (RFC 9110). */
const DECOMPRESSORS = new Map([
  ["gzip", gunzip],
  ["x-gzip", gunzip],
  ["zstd", unzstd],
]);

/**
 * The body of an OTLP export, decompressed. `bytesMax` holds before and after decompression; more is
 * `request_too_large`, and both count against `held`. A compression other than gzip and zstd is
 * `unsupported_media_type`, a body that is not what it says, or is cut, is `invalid_request`.
 */
export async function readOtlpBody(request: IncomingMessage, held: HeldBody, bytesMax: number): Promise<Buffer> {
  const encoding = encodingOf(request.headers);
  const decompressor = DECOMPRESSORS.get(encoding);
  if (encoding !== "identity" && decompressor === undefined) {
    throw new ServiceError(
      "unsupported_media_type",
      `The request has content-encoding ${printable(encoding)}. Send gzip, zstd, or nothing.`,
    );
  }
  const body = await readBody(request, held, bytesMax, SETTING);
  if (decompressor === undefined || body.length === 0) return body;
  try {
    return await wholeOf(decompressor().end(body), held, bytesMax);
  } catch (cause) {
    if (cause instanceof ServiceError) throw cause;
    throw new ServiceError(
      "invalid_request",
      `The content-encoding is ${encoding}, but the body is not, or it is cut.`,
      { cause },
    );
  }
}

/** Piece by piece, since nobody knows beforehand how much it will be: a few kilobytes may come to the limit. */
async function wholeOf(decompressed: AsyncIterable<Buffer>, held: HeldBody, bytesMax: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of decompressed) {
    bytes += piece.length;
    if (bytes > bytesMax) {
      throw new ServiceError(
        "request_too_large",
        `The body is larger than ${bytesMax} bytes once decompressed (${SETTING}). Send smaller batches.`,
      );
    }
    held.take(piece.length);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, bytes);
}
