import { useMemo } from "react";
import { parseJson } from "#lib/json-value.ts";
import { messageJsonOf } from "#lib/traces/message-json.ts";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { CopyButton } from "../../components/copy-button.tsx";
import { LongText } from "../../components/long-text.tsx";
import { useMay } from "../../session/session.ts";
import { NotYours } from "./not-yours.tsx";
import { inputsOf, outputsOf } from "./span-payload.ts";
import styles from "./span-raw.module.css";

/** Longer ones stay on one line, in characters. */
const PRETTY_MAX = 2_000_000;

/** The payload as it was sent, and the span as it is stored, as JSON. */
export function SpanRaw({ span, isMirror }: { readonly span: Span; readonly isMirror: boolean }) {
  const mayRead = useMay("read-payloads");
  const texts = useMemo(
    () => [
      ["Request", prettyOf(inputsOf(span)?.text)] as const,
      ["Answer", prettyOf(outputsOf(span)?.text)] as const,
      ["Span, as OTLP", messageJsonOf(span)] as const,
    ],
    [span],
  );
  return (
    <div className={styles["raw"]}>
      {!mayRead && !isMirror && <NotYours />}
      {texts.map(
        ([title, text]) =>
          text !== undefined && (
            <section key={title}>
              <header>
                <h3>{title}</h3>
                <CopyButton text={text} what={title} words="Copy" />
              </header>
              <div className={styles["text"]}>
                <LongText text={text} isCode={true} />
              </div>
            </section>
          ),
      )}
    </div>
  );
}

function prettyOf(text: string | undefined): string | undefined {
  const json = text === undefined || text.length > PRETTY_MAX ? undefined : parseJson(text);
  return typeof json === "object" && json !== null ? JSON.stringify(json, undefined, 2) : text;
}
