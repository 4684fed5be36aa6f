import { CliError } from "../io.ts";

/** A line longer than this is refused, in bytes: the trace-writer takes no message that large. */
const LINE_BYTES_MAX = 128 * 1024 * 1024;
const LINE_BREAK = 0x0a;

/** The lines of a stream without their breaks, one at a time; empty ones too. */
export async function* linesOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let begun: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    const piece = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let from = 0;
    for (let end = piece.indexOf(LINE_BREAK); end !== -1; end = piece.indexOf(LINE_BREAK, from)) {
      yield Buffer.concat([...begun, piece.subarray(from, end)]);
      begun = [];
      bytes = 0;
      from = end + 1;
    }
    begun.push(piece.subarray(from));
    bytes += piece.length - from;
    if (bytes > LINE_BYTES_MAX)
      throw new CliError(`a line is longer than ${LINE_BYTES_MAX} bytes: is this an OTLP file?`);
  }
  if (bytes > 0) yield Buffer.concat(begun);
}
