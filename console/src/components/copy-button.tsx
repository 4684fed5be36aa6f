import { useEffect, useState } from "react";
import { Button } from "./button.tsx";

/** Copies a text, and says that it did. `what` names it: `trace id`. */
export function CopyButton({
  text,
  what,
  words,
}: {
  readonly text: string | (() => string);
  readonly what: string;
  readonly words?: string;
}) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    await navigator.clipboard.writeText(typeof text === "string" ? text : text());
    setCopied(true);
  };
  return (
    <>
      <Button
        look="bare"
        icon={copied ? "check" : "copy"}
        label={words === undefined ? `Copy ${what}` : undefined}
        onClick={() => void copy()}
      >
        {words}
      </Button>
      <span className="unseen" role="status">
        {copied ? `${what} copied` : ""}
      </span>
    </>
  );
}
