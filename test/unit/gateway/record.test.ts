import fc from "fast-check";
import { expect, test } from "vitest";
import { spelledOut } from "#lib/spans/spelled-out.ts";
import { USAGE_FIELDS } from "#lib/spans/usage.ts";
import { Status_StatusCode } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { Mirror } from "#proto/twinspan/trace/v1/mirror.ts";
import type { Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { keptPayloadsOf } from "../../../services/gateway/core/payload/kept-payloads.ts";
import { KEEP_ALL } from "../../../services/gateway/core/payload/payload-policy.ts";
import { PAYLOAD_SHED, RecordWriter } from "../../../services/gateway/core/twins/record.ts";
import { readAnswer } from "../../../services/gateway/dialects/openai-chat/answer.ts";
import { checkRecord } from "../../../services/trace-writer/core/records/record-check.ts";
import { viewOf } from "../../traces/record-view.ts";
import { arbitraryEnded, type Ended } from "./arbitrary-outcome.ts";

const mirrored = arbitraryEnded.filter(({ invocation }) => invocation.mirrorSpanId !== undefined);

/** The record with all its payload, in its two parts. */
function partsOf({ invocation, outcome }: Ended) {
  return new RecordWriter().recordOf(
    invocation,
    outcome,
    keptPayloadsOf(outcome, KEEP_ALL, () => ""),
  );
}

/** The record as it is sent: both parts put together again. */
function sentFrom(ended: Ended): InvocationRecord {
  const { told, payload } = partsOf(ended);
  return InvocationRecord.decode(Buffer.concat([told, payload]));
}

/** The record as it is read: its twins spelled out. */
function recordFrom(ended: Ended): InvocationRecord {
  return spelledOut(sentFrom(ended));
}

/** The spans of both twins, side by side. */
function twinsOf(ended: Ended) {
  const record = recordFrom(ended);
  const { root, attempts } = viewOf(record);
  const mirror = record.mirror?.spans ?? [];
  return [root, ...attempts].map((full, index) => ({ full, mirror: mirror[index] }));
}

test("every record keeps the trace-writer's rules, as it is sent and spelled out", () => {
  fc.assert(
    fc.property(arbitraryEnded, (ended) => {
      expect(checkRecord(sentFrom(ended))).toBeUndefined();
      expect(checkRecord(recordFrom(ended))).toBeUndefined();
    }),
  );
});

test("a mirror exists when its span was given, and is its full trace's twin: ids, links, intervals, status", () => {
  fc.assert(
    fc.property(arbitraryEnded, (ended) => {
      const { invocation } = ended;
      const { full, mirror } = recordFrom(ended);
      expect(mirror !== undefined).toBe(invocation.mirrorSpanId !== undefined);
      if (mirror === undefined) return;
      expect(mirror.traceId.toString("hex")).toBe(invocation.callerSpan?.traceId);
      expect(mirror.spans[0]?.parentSpanId.toString("hex")).toBe(invocation.callerSpan?.spanId);
      expect(mirror.linkedTraceId).toEqual(full?.traceId);
      for (const { full: twin, mirror: span } of twinsOf(ended)) {
        expect(span?.startTimeUnixNano).toBe(twin.span.startTimeUnixNano);
        expect(span?.endTimeUnixNano).toBe(twin.span.endTimeUnixNano);
        const isError = twin.span.status?.code === Status_StatusCode.STATUS_CODE_ERROR;
        expect(twin.errorType !== undefined).toBe(isError);
        expect(span?.errorType !== 0).toBe(isError);
      }
      const words = twinsOf(ended).map(({ full: twin }) => twin.errorType ?? "");
      expect(viewOf(recordFrom(ended)).mirrorErrorTypes).toEqual(words);
    }),
  );
});

test("the links lead both ways", () => {
  fc.assert(
    fc.property(mirrored, (ended) => {
      const { mirror } = recordFrom(ended);
      const { root } = viewOf(recordFrom(ended));
      expect(root.span.links).toHaveLength(1);
      expect(root.span.links[0]).toMatchObject({ traceId: mirror?.traceId, spanId: mirror?.spans[0]?.spanId });
      expect(mirror?.linkedSpanId).toEqual(root.span.spanId);
    }),
  );
});

test("children lie inside their parent, in both twins", () => {
  fc.assert(
    fc.property(arbitraryEnded, (ended) => {
      const [root, ...attempts] = twinsOf(ended);
      for (const { full, mirror } of attempts) {
        expect(full.span.parentSpanId).toEqual(root?.full.span.spanId);
        expect(mirror?.parentSpanId).toEqual(root?.mirror?.spanId);
        expect(full.span.startTimeUnixNano >= (root?.full.span.startTimeUnixNano ?? 0n)).toBe(true);
        expect(full.span.endTimeUnixNano <= (root?.full.span.endTimeUnixNano ?? 0n)).toBe(true);
      }
    }),
  );
});

test("usage and cost of the mirror's gateway span are the sums over the full trace's attempts", () => {
  const sum = (values: readonly (bigint | undefined)[]) => {
    const said = values.filter((value) => value !== undefined);
    return said.length === 0 ? undefined : said.reduce((total, value) => total + value, 0n);
  };
  const fields = USAGE_FIELDS;
  // The contract's total: as the provider gave it, else input and output together.
  const told = (usage: Usage | undefined, name: (typeof fields)[number]) => {
    const both = usage?.inputTokens === undefined || usage.outputTokens === undefined ? undefined : usage;
    const together = both && (both.inputTokens ?? 0n) + (both.outputTokens ?? 0n);
    return usage?.[name] ?? (name === "totalTokens" ? together : undefined);
  };
  fc.assert(
    fc.property(mirrored, (ended) => {
      const { attempts } = ended.outcome;
      const [gateway, ...mirrors] = recordFrom(ended).mirror?.spans ?? [];
      for (const name of fields) {
        const billed = sum(attempts.map(({ answer }) => told(answer.usage, name)));
        expect(gateway?.usage?.[name]).toBe(billed);
        expect(sum(mirrors.map(({ usage }) => told(usage, name)))).toBe(billed);
      }
      expect(gateway?.usage?.estimated ?? false).toBe(attempts.some(({ answer }) => answer.usage?.estimated));
      const versions = new Set(attempts.flatMap(({ cost }) => cost?.priceVersion ?? []));
      expect(new Set(gateway?.cost?.priceVersion?.split("+"))).toEqual(versions);
      expect(gateway?.cost?.totalNanoUsd).toBe(sum(attempts.map(({ cost }) => cost?.totalNanoUsd)));
    }),
  );
});

test("payload stands in the payloads, and nowhere in the spans or the mirror", () => {
  const canary = "the-canary-7f3a";
  fc.assert(
    fc.property(arbitraryEnded, ({ invocation, outcome }) => {
      const said = (text: string) => ({ bytes: Buffer.from(`${text} ${canary}`), truncated: false });
      const planted: Ended = {
        invocation,
        outcome: {
          ...outcome,
          inputs: said("in"),
          outputs: said("out"),
          failure: { kind: "provider_rejected", text: `root ${canary}` },
          attempts: outcome.attempts.map((attempt) => ({
            ...attempt,
            failure: { kind: "provider_protocol", text: `attempt ${canary}` },
          })),
        },
      };
      const { told, payload } = partsOf(planted);
      const { mirror } = recordFrom(planted);
      expect(Buffer.from(told).includes(canary)).toBe(false);
      if (mirror) expect(Buffer.from(Mirror.encode(mirror).finish()).includes(canary)).toBe(false);
      const { root, attempts } = viewOf(recordFrom(planted));
      expect([root.inputs, root.outputs, root.errorText]).toEqual([`in ${canary}`, `out ${canary}`, `root ${canary}`]);
      expect(attempts.every(({ errorText }) => errorText === `attempt ${canary}`)).toBe(true);
      expect(Buffer.from(payload).toString("latin1").split(canary)).toHaveLength(3 + 1 + attempts.length);
    }),
  );
});

test("what a provider coins is kept only where it cannot be a sentence", () => {
  const facts = (id: unknown, model: unknown, reason: unknown) =>
    readAnswer(Buffer.from(JSON.stringify({ id, model, choices: [{ finish_reason: reason }] })));
  expect(facts("chatcmpl-1", "gpt-x", "stop")).toMatchObject({ responseId: "chatcmpl-1", responseModel: "gpt-x" });
  for (const text of ["the canary sings", "é", "", "x".repeat(129), "a\nb", 7, null, { id: "x" }]) {
    expect(facts(text, text, text)).toMatchObject({ responseId: undefined, responseModel: undefined });
  }
  expect(facts("x", "y", "the canary sings").finishReasons).toEqual([5]);
});

test("without its payload a record is whole but for that, and says so", () => {
  fc.assert(
    fc.property(arbitraryEnded, ({ invocation, outcome }) => {
      const { told, payload } = partsOf({ invocation, outcome });
      const shed = InvocationRecord.decode(Buffer.concat([told, PAYLOAD_SHED]));
      const whole = InvocationRecord.decode(Buffer.concat([told, payload]));
      expect(shed).toEqual({ ...whole, payloads: [], payloadShed: true });
      expect(checkRecord(shed)).toBeUndefined();
    }),
  );
});

test("nothing is a payload of nobody: without text there is none at all", () => {
  fc.assert(
    fc.property(arbitraryEnded, ({ invocation, outcome }) => {
      const silent = { ...outcome, inputs: undefined, outputs: undefined, failure: undefined, attempts: [] };
      expect(partsOf({ invocation, outcome: silent }).payload).toHaveLength(0);
    }),
  );
});
