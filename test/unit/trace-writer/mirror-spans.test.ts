import fc from "fast-check";
import { expect, test } from "vitest";
import { traceNameOf } from "#lib/ids.ts";
import { sumOfUsages } from "#lib/spans/usage.ts";
import type { MirrorSpan } from "#proto/twinspan/trace/v1/mirror.ts";
import { mirrorSpansOf } from "../../../services/trace-writer/core/records/mirror-spans.ts";
import { checkRecord } from "../../../services/trace-writer/core/records/record-check.ts";
import { mirrorRowsOf } from "../../../services/trace-writer/core/records/twin-rows.ts";
import { isPayload } from "../../../services/trace-writer/core/spans/payload-attributes.ts";
import { spanRowOf } from "../../../services/trace-writer/core/spans/span-batch.ts";
import type { SpanRow } from "../../../services/trace-writer/core/spans/span-row.ts";
import { idsOf, record, spanId, traceId } from "../../service/trace-writer/sample-traces.ts";

/** Every attribute that a mirror may have. A new one is added here on purpose, or not at all. */
const ALLOWED = new Set([
  "endpoint_id",
  "endpoint_name",
  "server_url",
  "error.type",
  "http.response.status_code",
  "gen_ai.operation.name",
  "gen_ai.provider.name",
  "gen_ai.request.model",
  "gen_ai.request.stream",
  "gen_ai.response.finish_reasons",
  "gen_ai.response.id",
  "gen_ai.response.model",
  "gen_ai.response.time_to_first_chunk",
  "gen_ai.usage.cache_read.input_tokens",
  "gen_ai.usage.audio.input_tokens",
  "gen_ai.usage.audio.output_tokens",
  "gen_ai.usage.cache_write.input_tokens",
  "gen_ai.usage.input_tokens",
  "gen_ai.usage.output_tokens",
  "gen_ai.usage.reasoning.output_tokens",
  "mlflow.chat.tokenUsage",
  "mlflow.gateway.linkedTraceId",
  "mlflow.gateway.requestType",
  "mlflow.llm.cost",
  "mlflow.llm.model",
  "mlflow.llm.provider",
  "mlflow.spanType",
  "twinspan.attempt.index",
  "twinspan.attempt.reason",
  "twinspan.cost.input_nano_usd",
  "twinspan.cost.output_nano_usd",
  "twinspan.cost.price_version",
  "twinspan.cost.total_nano_usd",
  "twinspan.mirror",
  "twinspan.usage.estimated",
]);

const text = fc.oneof(
  fc.constant('"quoted"'),
  fc.string({ maxLength: 200 }),
  fc.stringMatching(/^[\x21-\x7e]{0,140}$/),
);
const anySpan: fc.Arbitrary<Partial<MirrorSpan>> = fc.record({
  endpointId: text,
  endpointName: text,
  serverUrl: text,
  provider: text,
  requestModel: text,
  responseModel: text,
  responseId: text,
  streaming: fc.boolean(),
  finishReasons: fc.array(fc.constantFrom(0, 1, 2, 3, 4, 5), { maxLength: 20 }),
  errorType: fc.constantFrom(0, 1, 5, 16),
  usage: fc.constantFrom(
    undefined,
    {},
    { inputTokens: 0n },
    { inputTokens: 3n, outputTokens: 4n, totalTokens: 9n, audioInputTokens: 2n, audioOutputTokens: 1n },
    { inputTokens: 3n, estimated: true },
  ),
  cost: fc.constantFrom(
    undefined,
    { inputNanoUsd: 1_000n, outputNanoUsd: 20n, totalNanoUsd: 5_000n },
    { inputNanoUsd: 1n, outputNanoUsd: 2n, totalNanoUsd: 3n, priceVersion: "configuration+genai-prices/0.1.8" },
    { inputNanoUsd: 1n, outputNanoUsd: 2n, totalNanoUsd: 3n, priceVersion: "two words" },
  ),
});

test("whatever a mirror says, its spans hold allowed attributes alone, no events, no status text, and no spaces", () => {
  fc.assert(
    fc.property(anySpan, anySpan, (gateway, attempt) => {
      const { mirror, ...rest } = record({ n: 1, caller: { trace: traceId(1), span: spanId(1) } });
      const [first, second] = mirror?.spans ?? [];
      if (mirror === undefined || first === undefined || second === undefined) throw new Error("the sample is broken");
      const said = {
        ...mirror,
        spans: [
          { ...first, ...gateway },
          { ...second, ...attempt },
        ],
      };
      fc.pre(checkRecord({ ...rest, mirror: said }) === undefined);
      for (const span of mirrorSpansOf(said).scopeSpans.flatMap(({ spans }) => spans)) {
        expect(span.attributes.filter(({ key }) => !ALLOWED.has(key) || isPayload({ key }))).toEqual([]);
        expect([span.events, span.status?.message, span.traceState]).toEqual([[], "", ""]);
        expect(span.name).toMatch(/^[\x21-\x7e]+$/);
        const texts = span.attributes.flatMap(({ value }) =>
          value?.value?.$case === "stringValue" ? value.value.value : [],
        );
        expect(texts.filter((value) => /\s/.test(value))).toEqual([]);
      }
    }),
  );
});

test("the gateway span names the full trace and links to its root; attempts do neither", () => {
  const { mirror } = record({ n: 1, caller: { trace: traceId(1), span: spanId(1) } });
  const spans = mirror === undefined ? [] : mirrorSpansOf(mirror).scopeSpans.flatMap((scope) => scope.spans);
  const linked = spans.map(({ attributes }) => attributes.find(({ key }) => key === "mlflow.gateway.linkedTraceId"));
  expect(linked.map((attribute) => attribute?.value?.value?.value)).toEqual([traceNameOf(idsOf(1).full), undefined]);
  expect(spans.map(({ links }) => links.map((link) => link.spanId.toString("hex")))).toEqual([[idsOf(1).root], []]);
});

test("a mirror's rows say what would be read from its spans", () => {
  fc.assert(
    fc.property(anySpan, anySpan, (gateway, attempt) => {
      const { mirror, ...rest } = record({ n: 1, caller: { trace: traceId(1), span: spanId(1) } });
      const [first, second] = mirror?.spans ?? [];
      if (mirror === undefined || first === undefined || second === undefined) throw new Error("the sample is broken");
      const said = {
        ...mirror,
        spans: [
          { ...first, ...gateway },
          { ...second, ...attempt },
        ],
      };
      fc.pre(checkRecord({ ...rest, mirror: said }) === undefined);
      const spans = mirrorSpansOf(said).scopeSpans.flatMap((scope) => scope.spans);
      const [root, child] = [spans[0], spans[1]];
      if (root === undefined || child === undefined) throw new Error("the mirror has two spans");
      const read = [spanRowOf(root, "mirror-gateway", ""), spanRowOf(child, "mirror-attempt", "")];
      expect(mirrorRowsOf(said).map(comparable)).toEqual(read.map(comparable));
    }),
  );
});

/** A row but for what is not asked of mirrors; the total is computed where nobody said it. */
function comparable({ llm: _, usage, ...row }: SpanRow) {
  return { ...row, usage: sumOfUsages([usage]) };
}
