import { expect, test } from "vitest";
import type { SpanRow } from "../../../services/trace-writer/core/spans/span-row.ts";
import { totalsOf } from "../../../services/trace-writer/core/traces/trace-usage.ts";

const row = (spanId: string, parentId: string | undefined, fields: Partial<SpanRow> = {}): SpanRow => ({
  spanId,
  parentId,
  origin: "agent",
  startNs: 0n,
  endNs: 100n,
  failed: false,
  name: spanId,
  llm: false,
  endpoint: undefined,
  provider: undefined,
  requestModel: undefined,
  responseModel: undefined,
  responseId: undefined,
  usage: undefined,
  cost: undefined,
  firstTokenNs: undefined,
  session: undefined,
  user: undefined,
  requestPreview: "",
  responsePreview: "",
  contentHash: spanId,
  ...fields,
});
const llm = (inputTokens: bigint, fields: Partial<SpanRow> = {}) => ({ llm: true, usage: { inputTokens }, ...fields });
const mirror = (parent: string, inputTokens: bigint, times: Partial<SpanRow> = {}) => [
  row("m", parent, { origin: "mirror-gateway", llm: true, usage: { inputTokens }, startNs: 20n, endNs: 30n, ...times }),
  row("ma", "m", { ...llm(inputTokens), origin: "mirror-attempt", requestModel: "gpt", responseId: "id-1" }),
];
const tokens = (rows: readonly SpanRow[]) => totalsOf(rows).usage?.inputTokens;

test("a full trace counts its attempts", () => {
  const rows = [
    row("r", undefined, { origin: "full-gateway" }),
    row("a", "r", { ...llm(10n), origin: "full-attempt" }),
    row("b", "r", { ...llm(5n), origin: "full-attempt" }),
  ];
  expect(tokens(rows)).toBe(15n);
});

test("a mirror counts once: its gateway span, not its attempts as well", () => {
  expect(tokens(mirror("x", 10n))).toBe(10n);
});

test("the agent's span of the same response adds nothing, wherever it is", () => {
  expect(tokens([...mirror("x", 10n), row("elsewhere", "y", llm(10n, { responseId: "id-1" }))])).toBe(10n);
});

test("an ancestor of the same model around the mirror adds nothing, of another model it adds", () => {
  const between = row("http", "call");
  const call = (model: string) => row("call", undefined, llm(7n, { requestModel: model, responseId: "lc-run-1" }));
  expect(tokens([...mirror("http", 10n), between, call("gpt")])).toBe(10n);
  expect(tokens([...mirror("http", 10n), between, call("other")])).toBe(17n);
});

test("a sibling of the same model that overlaps in time adds nothing; later, or with another response, it adds", () => {
  const sibling = (fields: Partial<SpanRow>) => row("s", "x", llm(7n, { requestModel: "gpt", ...fields }));
  expect(tokens([...mirror("x", 10n), sibling({})])).toBe(10n);
  expect(tokens([...mirror("x", 10n), sibling({ startNs: 31n })])).toBe(17n);
  expect(tokens([...mirror("x", 10n), sibling({ responseId: "id-2" })])).toBe(17n);
});

test("without a mirror the agent's calls count, and one within another does not", () => {
  const rows = [row("r", undefined), row("outer", "r", llm(9n)), row("mid", "outer"), row("inner", "mid", llm(4n))];
  expect(tokens(rows)).toBe(9n);
  expect(tokens([...rows, row("other", "r", llm(1n))])).toBe(10n);
});

test("a call under one that a mirror stands for counts by itself", () => {
  const rows = [
    ...mirror("call", 10n),
    row("call", undefined, llm(12n, { requestModel: "gpt" })),
    row("direct", "call", llm(2n, { requestModel: "elsewhere" })),
  ];
  expect(tokens(rows)).toBe(12n);
});

test("parents that form a ring end the search", () => {
  expect(tokens([row("a", "b", llm(1n)), row("b", "a", llm(2n))])).toBeUndefined();
});

test("nothing is guessed where nobody said anything", () => {
  expect(totalsOf([row("r", undefined)])).toEqual({ usage: undefined, cost: undefined });
});

test("costs that no message can hold are cut at what one can", () => {
  const cost = { inputNanoUsd: 0n, outputNanoUsd: 0n, totalNanoUsd: 10n ** 15n };
  const rows = Array.from({ length: 10_000 }, (_, index) => row(`${index}`, undefined, { llm: true, cost }));
  expect(totalsOf(rows).cost).toEqual({ inputNanoUsd: 0n, outputNanoUsd: 0n, totalNanoUsd: 2n ** 63n - 1n });
});
