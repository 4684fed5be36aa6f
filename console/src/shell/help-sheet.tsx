import { Dialog } from "../components/dialog.tsx";
import styles from "./help-sheet.module.css";
import { useAllShortcuts } from "./shortcuts.tsx";

/** The keys that can be pressed in what is shown. */
export function HelpSheet({ onClose }: { readonly onClose: () => void }) {
  const shortcuts = new Map(
    useAllShortcuts()
      .all()
      .toReversed()
      .map((shortcut) => [shortcut.keys, shortcut.does]),
  );
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className={styles["keys"]}>
        {Array.from(shortcuts, ([keys, does]) => (
          <div key={keys}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
