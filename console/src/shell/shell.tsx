import { type ReactNode, useMemo, useState } from "react";
import { Link, useLocation } from "wouter";
import { Icon, type IconName } from "../components/icon.tsx";
import { SignedIn } from "../session/signed-in.tsx";
import { HelpSheet } from "./help-sheet.tsx";
import styles from "./shell.module.css";
import { useShortcuts } from "./shortcuts.tsx";
import { ThemeSwitch } from "./theme-switch.tsx";

/** The views that the navigation names: the path, what it is called, its icon, and the key after `g`. */
const PLACES: readonly {
  readonly path: string;
  readonly name: string;
  readonly icon: IconName;
  readonly key: string;
}[] = [
  { path: "/", name: "Overview", icon: "overview", key: "o" },
  { path: "/experiments", name: "Experiments", icon: "experiments", key: "x" },
  { path: "/traces", name: "Traces", icon: "traces", key: "t" },
  { path: "/endpoints", name: "Endpoints", icon: "endpoints", key: "e" },
  { path: "/setup", name: "Setup", icon: "setup", key: "s" },
];

/** What is around every view: the navigation, the choice of the theme, and the help. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const [path, navigate] = useLocation();
  const [isHelpOpen, setHelpOpen] = useState(false);
  const shortcuts = useMemo(
    () => [
      ...PLACES.map((place) => ({
        keys: `g ${place.key}`,
        does: `Go to ${place.name}`,
        run: () => navigate(place.path),
        isEverywhere: true as const,
      })),
      { keys: "?", does: "Show the keys", run: () => setHelpOpen(true), isEverywhere: true as const },
    ],
    [navigate],
  );
  useShortcuts(shortcuts);
  return (
    <div className={styles["shell"]}>
      <a className={styles["skip"]} href="#view">
        To the content
      </a>
      <nav className={styles["nav"]} aria-label="Views">
        <Link href="/" className={styles["brand"]}>
          <Mark />
          twinspan
        </Link>
        <ul>
          {PLACES.map((place) => (
            <li key={place.path}>
              <Link href={place.path} aria-current={isWithin(path, place.path) ? "page" : undefined}>
                <Icon name={place.icon} />
                {place.name}
              </Link>
            </li>
          ))}
        </ul>
        <div className={styles["end"]}>
          <SignedIn />
          <div className={styles["foot"]}>
            <ThemeSwitch />
            <button type="button" className={styles["keys"]} onClick={() => setHelpOpen(true)}>
              <kbd>?</kbd> Shortcuts
            </button>
          </div>
        </div>
      </nav>
      {children}
      {isHelpOpen && <HelpSheet onClose={() => setHelpOpen(false)} />}
    </div>
  );
}

function isWithin(path: string, place: string): boolean {
  return path === place || (place !== "/" && path.startsWith(`${place}/`));
}

/** Two bars: the one is whole, the other its mirror. */
function Mark() {
  return (
    <svg aria-hidden="true" width="20" height="20" viewBox="0 0 20 20" fill="none">
      <rect x="2" y="3.5" width="16" height="5" rx="2.5" fill="var(--full-fill)" />
      <rect
        x="2.7"
        y="12"
        width="14.6"
        height="4"
        rx="2"
        stroke="var(--mirror-fill)"
        strokeWidth="1.4"
        strokeDasharray="2.600 1.6"
      />
    </svg>
  );
}
