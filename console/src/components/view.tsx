import { type ReactNode, useEffect } from "react";
import styles from "./view.module.css";

/** A view: its bar, with its name and what chooses what is shown, and below it the content, which scrolls. */
export function View({
  title,
  heading,
  tools,
  children,
}: {
  /** What it is called, in the browser's tab too. */
  readonly title: string;
  /** What is drawn in the place of the title. */
  readonly heading?: ReactNode;
  readonly tools?: ReactNode;
  readonly children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · twinspan`;
  }, [title]);
  return (
    <main className={styles["view"]} id="view" tabIndex={-1}>
      <header className={styles["bar"]}>
        {heading ?? <h1>{title}</h1>}
        <div className={styles["tools"]}>{tools}</div>
      </header>
      <div className={styles["content"]}>{children}</div>
    </main>
  );
}
