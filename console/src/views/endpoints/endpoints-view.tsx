import { useMemo } from "react";
import { Link } from "wouter";
import type { Endpoint } from "#proto/twinspan/gateway/v1/endpoint.ts";
import type { TotalsPoint } from "#proto/twinspan/trace/v1/totals.ts";
import { useViewState } from "../../address/view-state.ts";
import { Chip } from "../../components/chip.tsx";
import { classes } from "../../components/classes.ts";
import { EmptyState, ErrorState, LoadingLines } from "../../components/states.tsx";
import { View } from "../../components/view.tsx";
import { countText } from "../../format/figures.ts";
import { useExperiments } from "../../reads/experiments.ts";
import { useShortcuts } from "../../shell/shortcuts.tsx";
import { tracesAddress } from "../traces/traces-address.ts";
import { Bill, Policy, RecentFacts } from "./endpoint-facts.tsx";
import { useBills, useDetailedEndpoints } from "./endpoint-reads.ts";
import { endpointStateOf } from "./endpoint-state.ts";
import styles from "./endpoints.module.css";
import { endpointAddress, endpointsCodec } from "./endpoints-address.ts";
import { ModelsTable } from "./models-table.tsx";
import { TryIt } from "./try-it/try-it.tsx";

/** The endpoints: what each is made of, how it does now, its bill, and a form that calls it. */
export function EndpointsView() {
  const [{ name }, change] = useViewState(endpointsCodec);
  const { data: endpoints, error, refetch } = useDetailedEndpoints();
  const bills = useBills(endpoints ?? []);
  const chosen = endpoints?.find((endpoint) => endpoint.name === name) ?? (name === "" ? endpoints?.[0] : undefined);
  const shortcuts = useMemo(() => {
    const step = (by: number) => () => {
      const names = (endpoints ?? []).map((endpoint) => endpoint.name);
      const next = names[Math.max(0, Math.min(names.length - 1, names.indexOf(chosen?.name ?? "") + by))];
      if (next !== undefined) change({ name: next }, { replace: true });
    };
    return [
      { keys: "j", does: "Next endpoint", run: step(1) },
      { keys: "k", does: "Endpoint before", run: step(-1) },
    ];
  }, [endpoints, chosen?.name, change]);
  useShortcuts(shortcuts);
  return (
    <View title="Endpoints">
      {endpoints === undefined ? (
        error === null ? (
          <LoadingLines what="endpoints" />
        ) : (
          <ErrorState error={error} onRetry={() => void refetch()} />
        )
      ) : endpoints.length === 0 ? (
        <EmptyState icon="endpoints" title="No endpoints yet">
          <p>
            They are written in the configuration, under <code>endpoints</code>; the gateway takes a new one as soon as
            the file is saved.
          </p>
        </EmptyState>
      ) : (
        <div className={styles["panes"]}>
          <List endpoints={endpoints} chosen={chosen?.name} />
          {chosen === undefined ? (
            <EmptyState icon="endpoints" title={`There is no endpoint ${name}`} />
          ) : (
            <EndpointPane key={chosen.name} endpoint={chosen} bill={bills && (bills.get(chosen.name) ?? [])} />
          )}
        </div>
      )}
    </View>
  );
}

function List({ endpoints, chosen }: { readonly endpoints: readonly Endpoint[]; readonly chosen: string | undefined }) {
  return (
    <nav className={styles["list"]} aria-label="Endpoints">
      <ul>
        {endpoints.map((endpoint) => {
          const { tone, words } = endpointStateOf(endpoint);
          return (
            <li key={endpoint.name}>
              <Link href={endpointAddress(endpoint.name)} aria-current={endpoint.name === chosen ? "true" : undefined}>
                <span className={classes(styles["dot"], styles[tone])} aria-hidden="true" />
                <b>{endpoint.name}</b>
                <span className={styles["count"]}>
                  {endpoint.details?.recent && countText(endpoint.details.recent.count)}
                </span>
                <span className={styles["words"]}>{words}</span>
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

function EndpointPane({
  endpoint,
  bill,
}: {
  readonly endpoint: Endpoint;
  readonly bill: readonly TotalsPoint[] | undefined;
}) {
  const { tone, words } = endpointStateOf(endpoint);
  const experiments = useExperiments();
  const experiment = experiments.data?.find(({ name }) => name === endpoint.experiment);
  return (
    <article className={styles["pane"]} aria-label={endpoint.name}>
      <header className={styles["head"]}>
        <h2>{endpoint.name}</h2>
        <Chip tone={tone}>{words}</Chip>
        <span className={styles["where"]}>
          Full traces in{" "}
          {experiment === undefined ? (
            endpoint.experiment
          ) : (
            <Link href={tracesAddress({ scope: { kind: "experiments", ids: [experiment.id] } })}>
              {experiment.name}
            </Link>
          )}
        </span>
      </header>
      <RecentFacts endpoint={endpoint} />
      <section className={styles["block"]} aria-label="Models">
        <ModelsTable endpoint={endpoint} />
      </section>
      <div className={styles["pair"]}>
        <section className={styles["block"]} aria-label="Bill and settings">
          {bill !== undefined && <Bill endpoint={endpoint} points={bill} />}
          {endpoint.details?.policy !== undefined && <Policy policy={endpoint.details.policy} />}
        </section>
        <TryIt endpoint={endpoint.name} />
      </div>
    </article>
  );
}
