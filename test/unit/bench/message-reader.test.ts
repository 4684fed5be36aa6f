import fc from "fast-check";
import { expect, test } from "vitest";
import { MessageReader } from "../../../bench/chains/message-reader.ts";

const LENGTH = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello\r\n\r\nok";
const CHUNKS =
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\ndata: 0\n\n\r\ne\r\ndata: [DONE]\n\n\r\n0\r\n\r\n";
const NO_CHUNK = "HTTP/1.1 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
const NO_BODY = "GET / HTTP/1.1\r\nhost: here\r\n\r\n";

test("messages end where their length or their last chunk says, however they are cut", () => {
  const messages = fc.array(fc.constantFrom(LENGTH, CHUNKS, NO_CHUNK, NO_BODY), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(messages, fc.array(fc.nat({ max: 100 }), { maxLength: 8 }), (sent, cuts) => {
      const reader = new MessageReader();
      for (const message of sent) {
        const bytes = Buffer.from(message);
        const at = [...new Set([0, ...cuts.map((cut) => cut % bytes.length)])].sort((a, b) => a - b);
        for (const [index, from] of at.entries()) {
          if (index > 0) expect(reader.isOver).toBe(false);
          reader.push(bytes.subarray(from, at[index + 1]));
        }
        expect(reader.isOver).toBe(true);
        expect(reader.head).toBe(message.slice(0, message.indexOf("\r\n\r\n") + 2));
        expect(reader.bodyBytes).toBe(message.length - message.indexOf("\r\n\r\n") - 4);
        expect(reader.tail.includes("data: [DONE]")).toBe(message === CHUNKS);
      }
    }),
  );
});
