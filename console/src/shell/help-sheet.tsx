import { Dialog } from "../components/dialog.tsx";
import styles from "./help-sheet.module.css";
import { type Shortcut, useAllShortcuts } from "./shortcuts.tsx";

/** The keys that can be pressed in what is shown. */
export function HelpSheet({ onClose }: { readonly onClose: () => void }) {
  const all = useAllShortcuts().all();
  // Of the same keys the first count.
  const shortcuts = all.filter(({ keys }, at) => all.findIndex((other) => other.keys === keys) === at);
  const { here = [], everywhere = [] } = Object.groupBy(shortcuts, ({ isEverywhere }) =>
    isEverywhere ? "everywhere" : "here",
  );
  return (
    <Dialog title="Shortcuts" onClose={onClose}>
      <div className={styles["groups"]}>
        {here.length > 0 && <Group title="Here" shortcuts={here} />}
        <Group title="Everywhere" shortcuts={everywhere} />
      </div>
    </Dialog>
  );
}

function Group({ title, shortcuts }: { readonly title: string; readonly shortcuts: readonly Shortcut[] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl className={styles["keys"]}>
        {shortcuts.map(({ keys, does }) => (
          <div key={keys}>
            <dt>
              {keys.split(" ").map((key, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the same key may come twice
                <kbd key={at}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
