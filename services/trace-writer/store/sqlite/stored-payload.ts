import { serialize } from "#lib/wire/serialize.ts";
import { type StoredCut, StoredPayload } from "#proto/twinspan/store/v1/stored_payload.ts";
import type { BlockReads } from "./block-reads.ts";
import type { BatchOfTrace } from "./stored-batches.ts";
import { type Previews, previewsIn } from "./stored-previews.ts";

/** Less than this is stored twice: to take it out would gain hardly anything. */
const CUT_MIN = 64;

/** A payload as it is stored beside its previews: without them, where they stand in it. */
export function storedPayloadOf(payload: Uint8Array, { requestPreview, responsePreview }: Previews): Uint8Array {
  const whole = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const cuts: StoredCut[] = [];
  const rest: Uint8Array[] = [];
  let end = 0;
  for (const [preview, ofOutputs] of [
    [requestPreview, false],
    [responsePreview, true],
  ] as const) {
    const head = headOf(preview);
    const at = head.length < CUT_MIN ? -1 : whole.indexOf(head, end);
    if (at < 0) continue;
    cuts.push({ at, length: head.length, ofOutputs });
    rest.push(whole.subarray(end, at));
    end = at + head.length;
  }
  if (cuts.length === 0) return payload;
  return serialize(StoredPayload, { cuts, rest: Buffer.concat([...rest, whole.subarray(end)]) });
}

/** The inverse of {@link storedPayloadOf}. */
export function payloadIn(stored: Uint8Array, { requestPreview, responsePreview }: Previews): Uint8Array {
  if (stored[0] !== STORED_PAYLOAD_BEGINS) return stored;
  const { cuts, rest } = StoredPayload.decode(stored);
  const whole: Uint8Array[] = [];
  let taken = 0;
  let end = 0;
  for (const { at, length, ofOutputs } of cuts) {
    const head = headOf(ofOutputs ? responsePreview : requestPreview);
    whole.push(rest.subarray(taken, taken + at - end), head.subarray(0, length));
    taken += at - end;
    end = at + length;
  }
  return Buffer.concat([...whole, rest.subarray(taken)]);
}

/** The payload of a full trace, of its batch. Undefined: it has none. */
export function payloadOfBatch(
  { payload, previews }: Pick<BatchOfTrace, "payload" | "previews">,
  blocks: BlockReads,
): Uint8Array | undefined {
  if (payload === undefined) return undefined;
  const stored = blocks.piece(payload);
  return previews === undefined ? stored : payloadIn(stored, previewsIn(blocks.piece(previews)));
}

/** The tag of its field 1. */
const STORED_PAYLOAD_BEGINS = 0x0a;
/** What a preview that was cut ends in. */
const ELLIPSIS = /\.\.\.$/;

/** What of a preview stands in the payload, unless that is no UTF-8. */
function headOf(preview: string): Buffer {
  return Buffer.from(preview.replace(ELLIPSIS, ""));
}
