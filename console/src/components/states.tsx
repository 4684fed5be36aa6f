import type { ReactNode } from "react";
import { ServiceError } from "#lib/service-error.ts";
import { mayPass } from "../api/asked-again.ts";
import { Button } from "./button.tsx";
import { Icon, type IconName } from "./icon.tsx";
import styles from "./states.module.css";

/** Where there is nothing: what would be here, and what to do about it. */
export function EmptyState({
  icon,
  title,
  children,
}: {
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ReactNode;
}) {
  return (
    <div className={styles["state"]}>
      <Icon name={icon} size={22} />
      <h2>{title}</h2>
      <div className={styles["words"]}>{children}</div>
    </div>
  );
}

/** Where a read failed: what the server said, and a way to ask again at once. */
export function ErrorState({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  return (
    <div className={styles["state"]} role="alert">
      <Icon name="warning" size={22} className={styles["bad"]} />
      <h2>{titleOf(error)}</h2>
      <p className={styles["words"]}>{failureText(error)}</p>
      {onRetry !== undefined && (
        <Button icon="refresh" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** What will be here has this form: bars of the height of a line, so that nothing jumps when it comes. */
export function LoadingLines({ lines = 8, what }: { readonly lines?: number; readonly what: string }) {
  return (
    <div className={styles["lines"]} role="status" aria-label={`Loading ${what}`}>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
        <span key={line} />
      ))}
    </div>
  );
}

/** What went wrong with a read that is shown, and whether it is asked again by itself. */
export function failureText(error: unknown): string {
  return mayPass(error) ? `${messageOf(error)} It is asked again every few seconds.` : messageOf(error);
}

/** What went wrong, in one sentence. */
export function messageOf(error: unknown): string {
  return error instanceof ServiceError ? error.message : "Something went wrong in the console itself. Reload the page.";
}

function titleOf(error: unknown): string {
  switch (error instanceof ServiceError ? error.kind : undefined) {
    case "not_found":
      return "Not here";
    case "unauthenticated":
      return "Not signed in";
    case "permission_denied":
      return "Not yours to see";
    case "unavailable":
    case "deadline_exceeded":
    case "overloaded":
      return "No answer";
    default:
      return "That did not work";
  }
}
