import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { ExchangeRequest, ExchangeResponse } from "#proto/twinspan/gateway/v1/exchange.ts";
import { GatewayServiceService } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import { readCallerFrames, readGatewayFrames } from "./read-frames.ts";

/**
 * Exchange, as the contract has it. Its messages are large and many, so each is packed in memory that is there already, and copied
 * once: a writer that grows for every message costs more in garbage than all else that is done with it. What is large in them is not
 * copied when they are read (read-frames.ts).
 */
export const EXCHANGE = {
  ...GatewayServiceService.exchange,
  requestSerialize: packerOf(ExchangeRequest),
  requestDeserialize: readCallerFrames,
  responseSerialize: packerOf(ExchangeResponse),
  responseDeserialize: readGatewayFrames,
};

interface Packed<Message> {
  encode(message: Message, writer: BinaryWriter): BinaryWriter;
}

function packerOf<Message>(type: Packed<Message>): (message: Message) => Buffer {
  const writer = new BinaryWriter();
  return (message) => {
    try {
      type.encode(message, writer);
    } catch (error) {
      // What was written of it must not stand before the next.
      writer.finish();
      throw error;
    }
    const { buffer, byteOffset, byteLength } = writer.finish();
    return Buffer.from(buffer, byteOffset, byteLength);
  };
}
