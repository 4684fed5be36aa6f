import { parseJson } from "#lib/json-value.ts";
import type { MessagePart } from "#lib/traces/message-parts.ts";
import type { Message } from "#lib/traces/messages.ts";
import { classes } from "../../components/classes.ts";
import { LongText } from "../../components/long-text.tsx";
import { MessageImage } from "./message-image.tsx";
import styles from "./message-list.module.css";

/** What was said, message by message. */
export function MessageList({ messages }: { readonly messages: readonly Message[] }) {
  return (
    <ol className={styles["messages"]}>
      {messages.map((message, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: messages have no other name, and do not move
        <li key={index} className={classes(styles["message"], styles[whoOf(message)])}>
          <h4 className={styles["role"]}>{message.role === "" ? "input" : message.role}</h4>
          {message.parts.map((part, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: nor do parts
            <Part key={place} part={part} />
          ))}
          {message.parts.length === 0 && <p className={styles["nothing"]}>said nothing</p>}
        </li>
      ))}
    </ol>
  );
}

/** Whose colours a message has. */
function whoOf({ role }: Message): string {
  switch (role) {
    case "assistant":
    case "model":
      return "model";
    case "system":
    case "developer":
      return "system";
    case "tool":
    case "function":
      return "tool";
    default:
      return "user";
  }
}

function Part({ part }: { readonly part: MessagePart }) {
  switch (part.kind) {
    case "text":
      return <LongText text={part.text} />;
    case "reasoning":
      return (
        <details className={styles["reasoning"]}>
          <summary>Reasoning{part.text === "" ? ", not told" : ""}</summary>
          <LongText text={part.text} />
        </details>
      );
    case "tool call":
      return <Labelled label="calls" name={part.name} id={part.id} text={part.args} />;
    case "tool result":
      return <Labelled label="answers" name={part.name} id={part.id} text={part.text} />;
    case "image":
      return <MessageImage source={part.source} />;
    case "other":
      return <Labelled label={part.type} name="" id="" text={JSON.stringify(part.json)} />;
  }
}

/** What a tool is given or gives, in a frame of its own. */
function Labelled({
  label,
  name,
  id,
  text,
}: {
  readonly label: string;
  readonly name: string;
  readonly id: string;
  readonly text: string;
}) {
  return (
    <figure className={styles["tool"]}>
      <figcaption>
        <span>{label}</span> <code>{name}</code> {id !== "" && <code className={styles["id"]}>{id}</code>}
      </figcaption>
      <LongText text={prettyOf(text)} isCode={true} />
    </figure>
  );
}

/** JSON over several lines, where it is some; longer texts are left as they are. */
const PRETTY_MAX = 200_000;

/** JSON with its lines, anything else as it is. */
function prettyOf(text: string): string {
  const json = text.length > PRETTY_MAX ? undefined : parseJson(text);
  return typeof json === "object" && json !== null ? JSON.stringify(json, undefined, 2) : text;
}
