import assert from "node:assert/strict";
import fc from "fast-check";
import { formatOtlpSpans } from "#lib/otlp-json/format-otlp-spans.ts";
import { parseOtlpJson } from "#lib/otlp-json/otlp-json.ts";
import { ServiceError } from "#lib/service-error.ts";
import { ExportTraceServiceRequest } from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { WriteInvocationsRequest } from "#proto/twinspan/trace/v1/trace_writer_service.ts";
import { linesOf } from "../../../cli/trace/lines-of.ts";
import { decodeRecord } from "../../../services/trace-writer/core/records/read-record.ts";
import { checkRecord } from "../../../services/trace-writer/core/records/record-check.ts";
import { checkSpan } from "../../../services/trace-writer/core/spans/span-check.ts";
import { receiveExport } from "../../../services/trace-writer/receiving/receive-export.ts";
import { recordsIn } from "../../../services/trace-writer/receiving/receive-records.ts";
import { sampleInvocation, sampleRecord } from "../../service/gateway/sample-record.ts";
import { attributes, record, resourceSpans, span } from "../../service/trace-writer/sample-traces.ts";
import { changedJson } from "../changed-json.ts";
import type { FuzzTarget } from "../fuzz-target.ts";
import { CANARY, mutated } from "../mutations.ts";
import { assertSilent, readOrRefused } from "../promises.ts";

const SPANS = resourceSpans([
  span({ trace: "0a".repeat(16), span: "0b".repeat(8), name: CANARY }),
  {
    ...span({ trace: "0a".repeat(16), span: "0c".repeat(8) }),
    attributes: attributes({ text: CANARY, count: 7, share: 0.5 }),
  },
]);
const EXPORT = { resourceSpans: [SPANS] };
const EXPORT_BYTES = ExportTraceServiceRequest.encode(EXPORT).finish();
const EXPORT_JSON = formatOtlpSpans(EXPORT.resourceSpans);
/** Some that spell their twins out, and one that tells its call. */
const RECORDS = [record({ n: 1 }), record({ n: 2 }), toldRecord()];

/** Spans and records as they come over the wire, or out of a file. */
export const OTLP: readonly FuzzTarget[] = [
  {
    name: "OTLP protobuf",
    inputs: mutated([EXPORT_BYTES]),
    check(input) {
      const read = decodedOrRefused(() => receiveExport(input));
      if (read === undefined) return;
      for (const each of spansIn(read)) checkSpan(each, 2n ** 62n);
      assert.deepEqual(ExportTraceServiceRequest.decode(ExportTraceServiceRequest.encode(read).finish()), read);
    },
  },
  {
    name: "OTLP JSON",
    inputs: fc.oneof(
      mutated([EXPORT_JSON], ["traceId", '"', "18446744073709551616"]),
      changedJson([JSON.parse(EXPORT_JSON)]),
    ),
    check(input) {
      const read = readOrRefused(["invalid_request", "request_too_large"], () => parseOtlpJson(input));
      if (read === undefined) return;
      for (const each of spansIn(read)) checkSpan(each, 2n ** 62n);
      const written = formatOtlpSpans(read.resourceSpans);
      assert.equal(formatOtlpSpans(parseOtlpJson(Buffer.from(written)).resourceSpans), written);
    },
  },
  {
    name: "records of calls",
    inputs: mutated([WriteInvocationsRequest.encode({ records: RECORDS }).finish()]),
    check(input) {
      for (const record of decodedOrRefused(() => recordsIn(input)) ?? []) {
        const received = decodeRecord(record);
        if (received === undefined) continue;
        const { record: read, parts } = received;
        assertSilent(checkRecord(read) ?? "");
        const cut = Buffer.concat([...parts.full, ...parts.payload, ...parts.mirror]);
        // The parts are the record, but for what nobody here knows, and for the order, which protobuf leaves open.
        assert.deepEqual(InvocationRecord.decode(cut), read);
      }
    },
  },
  {
    name: "lines of a file to import",
    inputs: mutated([`${EXPORT_JSON}\n${EXPORT_JSON}\n`, "\n\n{}\n"], ["\n", "\r\n"]),
    async check(input) {
      const lines: Buffer[] = [];
      for await (const line of linesOf(piecesOf(input))) lines.push(line);
      const whole = input.toString("latin1").split("\n");
      if (whole.at(-1) === "") whole.pop();
      assert.deepEqual(
        lines.map((line) => line.toString("latin1")),
        whole,
      );
    },
  },
];

/** A request whose bytes are none may end its decoder with any Error: that becomes `invalid_request` in one place. */
function decodedOrRefused<Value>(read: () => Value): Value | undefined {
  try {
    return readOrRefused(["request_too_large"], read);
  } catch (error) {
    if (error instanceof assert.AssertionError || error instanceof ServiceError) throw error;
    // A stack or a memory that is exhausted is none of a decoder's errors.
    if (error instanceof Error && !/call stack|Array buffer allocation|Invalid array length/.test(error.message))
      return;
    throw error;
  }
}

function spansIn(request: ExportTraceServiceRequest) {
  return request.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

async function* piecesOf(input: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < input.length; at += 1 + (at % 97)) yield input.subarray(at, at + 1 + (at % 97));
}

function toldRecord(): InvocationRecord {
  const { told, payload } = sampleRecord(sampleInvocation(), Buffer.from(CANARY));
  return InvocationRecord.decode(Buffer.concat([told, payload]));
}
