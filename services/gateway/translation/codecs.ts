import type { WireFormat } from "../dialects/dialect.ts";
import type { Codec } from "./codec.ts";

/** The formats that can be translated, each by its codec. */
const CODECS: readonly Codec[] = [];

/** The codec of a format. Undefined: its requests cannot be translated. */
export function codecOf(format: WireFormat): Codec | undefined {
  return CODECS.find((codec) => codec.format === format);
}
