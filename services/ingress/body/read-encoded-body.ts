import type { IncomingMessage } from "node:http";
import { constants, createGunzip, createZstdDecompress } from "node:zlib";
import { ServiceError } from "#lib/service-error.ts";
import { encodingOf, printable } from "../core/content.ts";
import { HttpRefusal } from "../core/http-refusal.ts";
import type { HeldBody } from "./body-budget.ts";
import { readBody } from "./read-body.ts";

/** How large a body may be, before and after decompression. */
export interface BodyLimit {
  readonly bytesMax: number;
  /** The limit's name in the configuration, or what else says where it comes from. */
  readonly setting: string;
}

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
 * A request's body, decompressed. `limit` holds before and after decompression; more is `request_too_large`, and both
 * count against `held`. A compression other than gzip and zstd is refused, a body that is not what it says, or is cut,
 * is `invalid_request`.
 */
export async function readEncodedBody(request: IncomingMessage, held: HeldBody, limit: BodyLimit): Promise<Buffer> {
  const encoding = encodingOf(request.headers);
  if (encoding !== "identity") requireEncoding(encoding);
  const body = await readBody(request, held, limit.bytesMax, limit.setting);
  return encoding === "identity" || body.length === 0 ? body : decompressed(body, encoding, held, limit);
}

/** What `body` is once decompressed. The same refusals as those of {@link readEncodedBody}. */
export async function decompressed(body: Buffer, encoding: string, held: HeldBody, limit: BodyLimit): Promise<Buffer> {
  const decompressor = requireEncoding(encoding);
  try {
    return await wholeOf(decompressor().end(body), held, limit);
  } catch (cause) {
    if (cause instanceof ServiceError) throw cause;
    throw new ServiceError(
      "invalid_request",
      `The content-encoding is ${encoding}, but the body is not, or it is cut.`,
      { cause },
    );
  }
}

function requireEncoding(encoding: string): () => NodeJS.ReadWriteStream & AsyncIterable<Buffer> {
  const decompressor = DECOMPRESSORS.get(encoding);
  if (decompressor !== undefined) return decompressor;
  throw new HttpRefusal(
    "unsupported_encoding",
    `The request has content-encoding ${printable(encoding)}. Send gzip, zstd, or nothing.`,
  );
}

/** Piece by piece, since nobody knows beforehand how much it will be: a few kilobytes may come to the limit. */
async function wholeOf(pieces: AsyncIterable<Buffer>, held: HeldBody, limit: BodyLimit): Promise<Buffer> {
  const { bytesMax, setting } = limit;
  const taken: Buffer[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    if (bytes > bytesMax) {
      throw new ServiceError(
        "request_too_large",
        `The body is larger than ${bytesMax} bytes once decompressed (${setting}). Send smaller batches.`,
      );
    }
    held.take(piece.length);
    taken.push(piece);
  }
  return Buffer.concat(taken, bytes);
}
