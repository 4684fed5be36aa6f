import { useMemo } from "react";
import { Link } from "wouter";
import { useViewState } from "../../address/view-state.ts";
import { CopyButton } from "../../components/copy-button.tsx";
import { View } from "../../components/view.tsx";
import { useEndpoints } from "../../reads/endpoints.ts";
import { useShortcuts } from "../../shell/shortcuts.tsx";
import { GuideText } from "./guide-text.tsx";
import { addressed, GUIDES } from "./guides.ts";
import styles from "./setup.module.css";
import { setupAddress, setupCodec } from "./setup-address.ts";

/** What the guides call, where there is no endpoint yet. */
const NO_ENDPOINT = "demo";

/** How to call this server from what one has: the project's guides, with this server's address and one of its endpoints. */
export function SetupView() {
  const [state, change] = useViewState(setupCodec);
  const { data: endpoints = [] } = useEndpoints();
  const names = endpoints.map(({ name }) => name);
  const callable = endpoints.find(({ unavailableReason }) => unavailableReason === "")?.name;
  const endpoint = names.find((name) => name === state.endpoint) ?? callable ?? names[0] ?? NO_ENDPOINT;
  const guide = GUIDES.find(({ key }) => key === state.guide) ?? GUIDES[0];
  const { origin } = window.location;
  const shortcuts = useMemo(() => {
    const step = (by: number) => () => {
      const at = GUIDES.findIndex(({ key }) => key === guide?.key) + by;
      const next = GUIDES[Math.max(0, Math.min(GUIDES.length - 1, at))];
      if (next !== undefined) change({ guide: next.key }, { replace: true });
    };
    return [
      { keys: "j", does: "Next guide", run: step(1) },
      { keys: "k", does: "Guide before", run: step(-1) },
    ];
  }, [guide?.key, change]);
  useShortcuts(shortcuts);
  const tools = (
    <label className={styles["endpoint"]}>
      Endpoint
      <select value={endpoint} onChange={(event) => change({ endpoint: event.target.value })}>
        {names.length === 0 && <option>{NO_ENDPOINT}</option>}
        {names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
  return (
    <View title="Setup" tools={tools}>
      <div className={styles["panes"]}>
        <nav className={styles["list"]} aria-label="Guides">
          <ul>
            {GUIDES.map(({ key, words, says }) => (
              <li key={key}>
                <Link
                  href={setupAddress({ guide: key, endpoint: state.endpoint })}
                  aria-current={key === guide?.key ? "true" : undefined}
                >
                  <b>{words}</b>
                  <span>{says}</span>
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        {guide !== undefined && (
          <article className={styles["guide"]} aria-labelledby="guide">
            <h2 id="guide">{guide.words}</h2>
            <BaseUrls origin={origin} />
            <GuideText markdown={addressed(guide.markdown, origin, endpoint)} endpoint={state.endpoint} />
          </article>
        )}
      </div>
    </View>
  );
}

const BASES: readonly (readonly [words: string, path: string])[] = [
  ["OpenAI", "/v1"],
  ["Anthropic", "/anthropic"],
  ["Gemini", "/gemini"],
  ["OTLP, MLflow", ""],
];

/** Where each SDK is pointed: its base URL is all that changes. */
function BaseUrls({ origin }: { readonly origin: string }) {
  return (
    <dl className={styles["bases"]} aria-label="Base URLs">
      {BASES.map(([words, path]) => (
        <div key={words}>
          <dt>{words}</dt>
          <dd>
            <code>{origin + path}</code>
            <CopyButton text={origin + path} what={`base URL for ${words}`} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
