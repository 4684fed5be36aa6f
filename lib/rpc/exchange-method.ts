import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { ExchangeResponse } from "#proto/twinspan/gateway/v1/exchange.ts";
import { GatewayServiceService } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import { readCallerFrames, readGatewayFrames } from "./read-frames.ts";

/**
 * Exchange, as the contract has it, and as the gateway serves it; a caller packs the messages of each stream with a
 * packer of its own (pack-frames.ts). Messages are large and many, so each is packed in memory that is there already: a
 * writer that grows for every message costs more in garbage than all else that is done with it. What is large in them
 * is not copied when they are read.
 */
export const EXCHANGE = {
  ...GatewayServiceService.exchange,
  requestDeserialize: readCallerFrames,
  responseSerialize: responsePacker(),
  responseDeserialize: readGatewayFrames,
};

function responsePacker(): (message: ExchangeResponse) => Buffer {
  const writer = new BinaryWriter();
  return (message) => {
    try {
      ExchangeResponse.encode(message, writer);
    } catch (error) {
      // What was written of it must not stand before the next.
      writer.finish();
      throw error;
    }
    const { buffer, byteOffset, byteLength } = writer.finish();
    return Buffer.from(buffer, byteOffset, byteLength);
  };
}
