import { createContext, type ReactNode, use, useEffect, useMemo, useRef } from "react";

/** What a key, or two after one another, do in what is shown. */
export interface Shortcut {
  /** As `KeyboardEvent.key` says it: `j`, `?`, `Escape`; two with a blank between: `g t`. */
  readonly keys: string;
  /** What it does, as the help says it. */
  readonly does: string;
  readonly run: () => void;
  /** Whether it works in every view. */
  readonly isEverywhere?: true;
}

/** What can be pressed now. */
interface Shortcuts {
  readonly add: (shortcuts: readonly Shortcut[]) => () => void;
  /** All of them, those that were added last first. */
  readonly all: () => readonly Shortcut[];
}

const ShortcutsContext = createContext<Shortcuts | undefined>(undefined);
/** The second of two keys is waited for so long, in milliseconds. */
const SECOND_KEY_MS = 1200;

/** Listens for keys, for everything within. */
export function ShortcutsProvider({ children }: { readonly children: ReactNode }) {
  const groups = useRef<readonly (readonly Shortcut[])[]>([]);
  const shortcuts = useMemo<Shortcuts>(
    () => ({
      add(group) {
        groups.current = [group, ...groups.current];
        return () => {
          groups.current = groups.current.filter((other) => other !== group);
        };
      },
      all: () => groups.current.flat(),
    }),
    [],
  );
  useEffect(() => {
    let first = { key: "", atMs: 0 };
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
      if (isWrittenInto(event.target) || document.querySelector("dialog[open]") !== null) return;
      const isSecond = first.key !== "" && event.timeStamp - first.atMs < SECOND_KEY_MS;
      const keys = isSecond ? `${first.key} ${event.key}` : event.key;
      first = { key: "", atMs: 0 };
      const found = shortcuts.all().find((shortcut) => shortcut.keys === keys);
      if (found !== undefined) {
        event.preventDefault();
        found.run();
      } else if (shortcuts.all().some((shortcut) => shortcut.keys.startsWith(`${event.key} `))) {
        first = { key: event.key, atMs: event.timeStamp };
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [shortcuts]);
  return <ShortcutsContext value={shortcuts}>{children}</ShortcutsContext>;
}

/** Keys that work while the component is shown. Of the same keys those of the innermost that was shown last count. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const { add } = useAllShortcuts();
  useEffect(() => add(shortcuts), [add, shortcuts]);
}

/** What can be pressed, for the help. */
export function useAllShortcuts(): Shortcuts {
  const shortcuts = use(ShortcutsContext);
  if (shortcuts === undefined) throw new Error("there is no ShortcutsProvider around this");
  return shortcuts;
}

function isWrittenInto(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox]):not([type=radio])");
}
