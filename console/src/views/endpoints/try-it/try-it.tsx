import { useEffect, useId, useRef, useState } from "react";
import { Link } from "wouter";
import { Button } from "../../../components/button.tsx";
import { Chip } from "../../../components/chip.tsx";
import { Segments } from "../../../components/segments.tsx";
import { durationText } from "../../../format/figures.ts";
import { useInvokeRefusal } from "../../../session/session.ts";
import { traceAddress } from "../../trace/trace-address.ts";
import { SHAPES, type ShapeKey } from "./shapes.ts";
import { type Progress, tryEndpoint } from "./try-endpoint.ts";
import styles from "./try-it.module.css";

/** A form that calls an endpoint, shows the answer as it comes, and leads to the twins that the call leaves. */
export function TryIt({ endpoint }: { readonly endpoint: string }) {
  const [text, setText] = useState("What is a twin span?");
  const [shapeKey, setShape] = useState<ShapeKey>("openai");
  const [isStream, setStream] = useState(true);
  const [progress, setProgress] = useState<Progress>();
  const running = useRef<AbortController>(undefined);
  const id = useId();
  useEffect(() => () => running.current?.abort(), []);
  const isRunning = progress !== undefined && progress.totalMs === undefined;
  const refusal = useInvokeRefusal(endpoint);
  const shape = SHAPES.find(({ key }) => key === shapeKey);
  const send = () => {
    if (shape === undefined || isRunning || refusal !== undefined) return;
    running.current = new AbortController();
    void tryEndpoint({ endpoint, shape, text, isStream }, running.current.signal, setProgress);
  };
  return (
    <section className={styles["try"]} aria-labelledby={`${id}-title`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <header>
          <h3 id={`${id}-title`}>Try it</h3>
          <Segments
            label="Format"
            options={SHAPES.map(({ key, words }) => [key, words] as const)}
            value={shapeKey}
            onChoose={setShape}
          />
        </header>
        <textarea
          aria-label="Message"
          rows={3}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || !(event.metaKey || event.ctrlKey)) return;
            event.preventDefault();
            send();
          }}
        />
        <footer>
          <label>
            <input type="checkbox" checked={isStream} onChange={(event) => setStream(event.target.checked)} /> Stream
          </label>
          <code>POST {shape?.pathOf(endpoint, isStream)}</code>
          {isRunning ? (
            <Button onClick={() => running.current?.abort()}>Stop</Button>
          ) : (
            <Button type="submit" look="main" icon="play" disabled={text.trim() === ""} refusal={refusal}>
              Send
            </Button>
          )}
        </footer>
        {refusal !== undefined && <p className={styles["role"]}>{refusal}</p>}
      </form>
      {progress !== undefined && <Answer progress={progress} />}
    </section>
  );
}

function Answer({ progress }: { readonly progress: Progress }) {
  const { answer, status, firstTokenMs, totalMs, fullTrace, ownTrace, failure } = progress;
  return (
    <div className={styles["answer"]} aria-live="polite">
      <div className={styles["facts"]}>
        {status === undefined && failure === undefined && <Chip>sending</Chip>}
        {status !== undefined && <Chip tone={status < 400 ? "ok" : "bad"}>{status}</Chip>}
        {firstTokenMs !== undefined && <span>first token {durationText(firstTokenMs)}</span>}
        {totalMs !== undefined && <span>in all {durationText(totalMs)}</span>}
      </div>
      {answer !== "" && <p className={styles["text"]}>{answer}</p>}
      {failure !== undefined && <pre className={styles["failure"]}>{failure}</pre>}
      {totalMs !== undefined && fullTrace !== "" && (
        <p className={styles["twins"]}>
          <Link href={traceAddress(ownTrace, { beside: fullTrace })}>Both twins</Link>
          <Link href={traceAddress(fullTrace)}>Full trace</Link>
          <Link href={traceAddress(ownTrace)}>The caller's trace, with the mirror</Link>
        </p>
      )}
    </div>
  );
}
