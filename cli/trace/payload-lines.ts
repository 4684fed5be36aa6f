import { spansOf } from "#lib/traces/span-tree.ts";
import { withheldPayloadOf } from "#lib/traces/withheld-payload.ts";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { Trace } from "#proto/twinspan/trace/v1/trace.ts";
import { answeredLinesOf, askedLinesOf } from "./message-lines.ts";
import { printable } from "./printable.ts";

/** Longer texts are cut here, in characters. */
const TEXT_MAX = 300;
/** Of a long conversation the last messages are shown. */
const MESSAGES_MAX = 4;

/** What was asked and answered, in a few lines. Full traces only: nothing else is shown with its payload. */
export function payloadLinesOf(trace: Trace): readonly string[] {
  if (trace.info?.sealed !== true) return [];
  return spansOf(trace).flatMap((span) => {
    const textOf = (key: string) => {
      const value = span.attributes.find((attribute) => attribute.key === key)?.value?.value;
      return value?.$case === "stringValue" ? value.value : undefined;
    };
    const error = span.status?.message ?? "";
    return [
      ...sectionOf("in ", inputLinesOf(span, textOf("mlflow.spanInputs"))),
      ...sectionOf("out", outputLinesOf(textOf("mlflow.spanOutputs"))),
      ...(error === "" ? [] : sectionOf("err", [`${span.name}: ${error}`])),
      ...withheldPayloadOf(span).flatMap(({ what, reason }) =>
        sectionOf(TITLES.get(what) ?? what, [`withheld: ${reason}`]),
      ),
    ];
  });
}

/** What the parts of a payload are called here. */
const TITLES: ReadonlyMap<string, string> = new Map([
  ["inputs", "in "],
  ["outputs", "out"],
  ["error_text", "err"],
]);

function sectionOf(title: string, texts: readonly string[]): readonly string[] {
  return texts.map((text, index) => `     ${index === 0 ? title : "   "}  ${cut(printable(text))}`);
}

/** What a span was asked. An attempt has an input of its own where the request was translated for its provider. */
function inputLinesOf({ name, parentSpanId }: Span, json: string | undefined): readonly string[] {
  if (json === undefined) return [];
  const lines = (askedLinesOf(json) ?? [json]).slice(-MESSAGES_MAX);
  return parentSpanId.length === 0 ? lines : [`as sent to ${name}:`, ...lines];
}

function outputLinesOf(json: string | undefined): readonly string[] {
  return json === undefined ? [] : (answeredLinesOf(json) ?? [json]);
}

function cut(text: string): string {
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)} …` : text;
}
