import { useMemo } from "react";
import { Link } from "wouter";
import { booleanOf, readAttributes, textOf } from "#lib/spans/read-attributes.ts";
import { withheldPayloadOf } from "#lib/traces/withheld-payload.ts";
import { Button } from "../../components/button.tsx";
import { Chip } from "../../components/chip.tsx";
import { Icon } from "../../components/icon.tsx";
import { LongText } from "../../components/long-text.tsx";
import { useMay } from "../../session/session.ts";
import { MessageList } from "./message-list.tsx";
import { NotYours } from "./not-yours.tsx";
import styles from "./span-messages.module.css";
import { inputsOf, outputsOf, type Payload } from "./span-payload.ts";
import { traceAddress } from "./trace-address.ts";
import type { TwinLink } from "./twin-spans.ts";
import type { WaterfallRow } from "./waterfall-rows.ts";

interface SpanMessagesProps {
  readonly row: WaterfallRow;
  readonly link: TwinLink | undefined;
  readonly fullRoot: WaterfallRow | undefined;
  readonly twinBeside: WaterfallRow | undefined;
  readonly onChoose: (spanId: string) => void;
}

/** What was asked of a span and what it answered, or where that is. */
export function SpanMessages({ row, link, fullRoot, twinBeside, onChoose }: SpanMessagesProps) {
  const { span } = row;
  const inputs = useMemo(() => inputsOf(span), [span]);
  const outputs = useMemo(() => outputsOf(span), [span]);
  const attributes = readAttributes(span.attributes);
  const error = span.status?.message ?? "";
  const withheld = withheldPayloadOf(span);
  const mayRead = useMay("read-payloads");
  const isEmpty = inputs === undefined && outputs === undefined && error === "" && withheld.length === 0;
  return (
    <div className={styles["messages"]}>
      {row.isMirror && <RecordedElsewhere link={link} />}
      {twinBeside !== undefined && <WordsOf row={twinBeside} />}
      {isEmpty && !row.isMirror && !mayRead && <NotYours />}
      {isEmpty && !row.isMirror && mayRead && fullRoot !== undefined && (
        <div className={styles["note"]}>
          <p>What was asked and answered stands once, with the call as a whole.</p>
          <Button onClick={() => onChoose(fullRoot.id)}>Show {fullRoot.facts.name}</Button>
        </div>
      )}
      {isEmpty && !row.isMirror && mayRead && fullRoot === undefined && (
        <p className={styles["nothing"]}>This span has no messages.</p>
      )}
      {booleanOf(attributes, "twinspan.payload.truncated") && (
        <Chip tone="wait">cut where the endpoint’s limit is</Chip>
      )}
      {withheld.map(({ what, reason }) => (
        <p key={what} className={styles["nothing"]}>
          The {WITHHELD.get(what) ?? what} was not kept: {reason}.
        </p>
      ))}
      {inputs !== undefined && (
        <Side
          title={
            fullRoot === undefined
              ? "Request"
              : `As sent to ${textOf(attributes, "gen_ai.provider.name") ?? "the provider"}`
          }
          payload={inputs}
        />
      )}
      {outputs !== undefined && <Side title="Answer" payload={outputs} />}
      {error !== "" && (
        <section>
          <h3>Error</h3>
          <div className={styles["error"]}>
            <LongText text={error} isCode={true} />
          </div>
        </section>
      )}
    </div>
  );
}

/** The words of a mirror's call, from the full trace that is shown with it. */
function WordsOf({ row }: { readonly row: WaterfallRow }) {
  const inputs = useMemo(() => inputsOf(row.span), [row]);
  const outputs = useMemo(() => outputsOf(row.span), [row]);
  return (
    <>
      {inputs !== undefined && <Side title="Request, in the full trace" payload={inputs} />}
      {outputs !== undefined && <Side title="Answer, in the full trace" payload={outputs} />}
    </>
  );
}

const WITHHELD: ReadonlyMap<string, string> = new Map([
  ["inputs", "request"],
  ["outputs", "answer"],
  ["error_text", "error text"],
]);

/** Said from the mirror's own fields: whether the viewer may see the other place shows when they go there. */
function RecordedElsewhere({ link }: { readonly link: TwinLink | undefined }) {
  return (
    <div className={styles["note"]}>
      <h3>
        <Icon name="twin" size={14} /> Recorded elsewhere
      </h3>
      <p>
        A mirror has the call’s times, tokens and cost, and none of its words.
        {link !== undefined &&
          (link.isExpired ? " Its full trace was deleted, or was not kept." : " They are in its full trace.")}
      </p>
      {link !== undefined && !link.isExpired && (
        <Link className={styles["jump"] ?? ""} href={traceAddress(link.traceId, { span: link.spanId })}>
          Open the full trace <code>{link.traceId.slice(0, 11)}…</code>
        </Link>
      )}
    </div>
  );
}

function Side({ title, payload }: { readonly title: string; readonly payload: Payload }) {
  const { messages, settings, tools, text } = payload;
  return (
    <section>
      <h3>{title}</h3>
      {settings.length > 0 && messages !== undefined && (
        <ul className={styles["settings"]}>
          {settings.map(([name, value]) => (
            <li key={name}>
              {name} <code>{value}</code>
            </li>
          ))}
        </ul>
      )}
      {tools.length > 0 && (
        <details className={styles["tools"]}>
          <summary>{tools.length === 1 ? "1 tool" : `${tools.length} tools`} to call</summary>
          <dl>
            {tools.map(({ name, description }) => (
              <div key={name}>
                <dt>
                  <code>{name}</code>
                </dt>
                <dd>
                  <LongText text={description} />
                </dd>
              </div>
            ))}
          </dl>
        </details>
      )}
      {messages === undefined ? (
        <div className={styles["plain"]}>
          <LongText text={text} isCode={true} />
        </div>
      ) : (
        <MessageList messages={messages} />
      )}
    </section>
  );
}
