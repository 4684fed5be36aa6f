import { crc32 } from "node:zlib";

/** The content type of a stream of events in AWS's framing. */
export const AWS_EVENT_STREAM = "application/vnd.amazon.eventstream";

/** An event of that type. */
export function eventOf(type: string, payload: object): Buffer {
  return messageOf([":event-type", type, ":content-type", "application/json", ":message-type", "event"], payload);
}

/** The exception of that type, which ends a stream. */
export function exceptionOf(type: string, payload: object): Buffer {
  return messageOf(
    [":exception-type", type, ":content-type", "application/json", ":message-type", "exception"],
    payload,
  );
}

const PRELUDE_BYTES = 12;
const CRC_BYTES = 4;
const STRING_TYPE = 7;

/**
 * A message: its length and that of its headers, their checksum, the headers, the payload, the checksum of all. Numbers
 * are big-endian. https://smithy.io/2.0/aws/amazon-eventstream.html
 */
function messageOf(headers: readonly string[], payload: object): Buffer {
  const head = Buffer.concat(
    headers.map((text, index) => (index % 2 === 0 ? headerNameOf(text) : headerValueOf(text))),
  );
  const body = Buffer.from(JSON.stringify(payload));
  const length = PRELUDE_BYTES + head.length + body.length + CRC_BYTES;
  const message = Buffer.alloc(length);
  message.writeUInt32BE(length, 0);
  message.writeUInt32BE(head.length, 4);
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8);
  head.copy(message, PRELUDE_BYTES);
  body.copy(message, PRELUDE_BYTES + head.length);
  message.writeUInt32BE(crc32(message.subarray(0, length - CRC_BYTES)), length - CRC_BYTES);
  return message;
}

function headerNameOf(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
}

function headerValueOf(text: string): Buffer {
  return Buffer.concat([Buffer.from([STRING_TYPE, text.length >> 8, text.length & 0xff]), Buffer.from(text)]);
}
