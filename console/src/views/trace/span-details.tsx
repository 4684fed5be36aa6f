import { Link } from "wouter";
import { traceNameOf } from "#lib/ids.ts";
import { isPayloadKey } from "#lib/spans/meanings.ts";
import { textOfValue } from "#lib/spans/value-text.ts";
import type { KeyValue } from "#proto/opentelemetry/proto/common/v1/common.ts";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { CopyButton } from "../../components/copy-button.tsx";
import { LongText } from "../../components/long-text.tsx";
import { durationText } from "../../format/figures.ts";
import { msOfNanos, wholeMomentText } from "../../format/moments.ts";
import styles from "./span-details.module.css";
import { traceAddress } from "./trace-address.ts";
import type { WaterfallRow } from "./waterfall-rows.ts";

const KINDS: readonly string[] = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const CODES: readonly string[] = ["unset", "ok", "error"];

/** What a span says of itself: ids and times, attributes, events, links. */
export function SpanDetails({ row: { id, span } }: { readonly row: WaterfallRow }) {
  const attributes = span.attributes.filter(({ key }) => !isPayloadKey(key));
  return (
    <div className={styles["details"]}>
      <Pairs
        title="Span"
        pairs={[
          ["id", id],
          ["parent", span.parentSpanId.length === 0 ? "none" : span.parentSpanId.toString("hex")],
          ["kind", KINDS[span.kind] ?? String(span.kind)],
          ["status", CODES[span.status?.code ?? 0] ?? "unset"],
          ["start", wholeMomentText(msOfNanos(span.startTimeUnixNano))],
          ["end", wholeMomentText(msOfNanos(span.endTimeUnixNano))],
        ]}
      />
      <Pairs title="Attributes" pairs={pairsOf(attributes)} />
      {span.events.map((event, index) => (
        <Pairs
          // biome-ignore lint/suspicious/noArrayIndexKey: events have no other name, and do not move
          key={index}
          title={`Event: ${event.name}, after ${durationText(Number(event.timeUnixNano - span.startTimeUnixNano) / 1e6)}`}
          pairs={pairsOf(event.attributes)}
        />
      ))}
      {span.links.length > 0 && <Links span={span} />}
      <Dropped span={span} />
    </div>
  );
}

function Pairs({ title, pairs }: { readonly title: string; readonly pairs: readonly (readonly [string, string])[] }) {
  if (pairs.length === 0) return null;
  return (
    <section>
      <h3>{title}</h3>
      <dl className={styles["pairs"]}>
        {pairs.map(([key, value]) => (
          <div key={key}>
            <dt>{key}</dt>
            <dd>
              <div>
                <LongText text={value} isCode={true} />
              </div>
              <CopyButton text={value} what={`value of ${key}`} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Links({ span }: { readonly span: Span }) {
  return (
    <section>
      <h3>Links</h3>
      <ul className={styles["links"]}>
        {span.links.map((link) => {
          const [traceId, spanId] = [traceNameOf(link.traceId.toString("hex")), link.spanId.toString("hex")];
          return (
            <li key={`${traceId}${spanId}`}>
              <Link href={traceAddress(traceId, { span: spanId })}>
                <code>
                  {traceId} · {spanId}
                </code>
              </Link>
              {pairsOf(link.attributes).map(([key, value]) => (
                <span key={key}>
                  {key} <code>{value}</code>
                </span>
              ))}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** What its sender left out. */
function Dropped({ span }: { readonly span: Span }) {
  const dropped = [
    [span.droppedAttributesCount, "attributes"],
    [span.droppedEventsCount, "events"],
    [span.droppedLinksCount, "links"],
  ] as const;
  const words = dropped.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return words.length === 0 ? null : <p className={styles["dropped"]}>Its sender left out {words.join(", ")}.</p>;
}

function pairsOf(attributes: readonly KeyValue[]): readonly (readonly [string, string])[] {
  return attributes
    .map(({ key, value }) => [key, value === undefined ? "" : textOfValue(value)] as const)
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
}
