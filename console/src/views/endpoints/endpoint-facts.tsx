import { Link } from "wouter";
import type { Endpoint } from "#proto/twinspan/gateway/v1/endpoint.ts";
import type { EndpointPolicy } from "#proto/twinspan/gateway/v1/endpoint_details.ts";
import type { TotalsPoint } from "#proto/twinspan/trace/v1/totals.ts";
import { Sparkline } from "../../chart/sparkline.tsx";
import { costText, countText, durationText, percentText } from "../../format/figures.ts";
import { msOfNanos } from "../../format/moments.ts";
import { tracesAddress } from "../traces/traces-address.ts";
import { BILL_DAYS, billFromMs } from "./endpoint-reads.ts";
import { errorShareOf } from "./endpoint-state.ts";
import styles from "./endpoints.module.css";
import { ErrorTypes } from "./error-types.tsx";
import { nanosText } from "./models-table.tsx";

/** What an endpoint's calls came to in the last minutes, and what is under way. Of another workspace's that is not told. */
export function RecentFacts({ endpoint: { details } }: { readonly endpoint: Endpoint }) {
  const recent = details?.recent;
  if (recent === undefined) return null;
  const share = errorShareOf(recent);
  const minutes = Number(recent.windowSeconds) / 60;
  const callsMax = details?.policy?.callsMax ?? 0n;
  return (
    <dl className={styles["facts"]} aria-label={`The last ${minutes} minutes`}>
      <Fact name={`Calls, last ${minutes} min`}>{countText(recent.count)}</Fact>
      <Fact name="Failed" more={<ErrorTypes errors={recent.errorsByType} />}>
        {share === undefined ? "–" : percentText(share)}
      </Fact>
      <Fact name="Latency p50">{nanosText(recent.duration?.p50Nanos)}</Fact>
      <Fact name="Latency p95">{nanosText(recent.duration?.p95Nanos)}</Fact>
      <Fact name="First token p95">{nanosText(recent.timeToFirstToken?.p95Nanos)}</Fact>
      <Fact name="Under way" more={callsMax > 0n && <span>of {countText(callsMax)}</span>}>
        {countText(details?.callsInFlight ?? 0n)}
      </Fact>
      <Fact name="Waiting">{countText(details?.callsWaiting ?? 0n)}</Fact>
    </dl>
  );
}

const DAY_MS = 86_400_000;

/** What an endpoint was billed of late. */
export function Bill({
  endpoint: { name },
  points,
}: {
  readonly endpoint: Endpoint;
  readonly points: readonly TotalsPoint[];
}) {
  const fromMs = billFromMs();
  const days = Array.from({ length: BILL_DAYS }, () => 0);
  for (const point of points) {
    const day = Math.round((msOfNanos(point.startTimeUnixNano) - fromMs) / DAY_MS);
    days[day] = Number(point.cost?.totalNanoUsd ?? 0n);
  }
  const sum = (figure: (point: TotalsPoint) => bigint | undefined) =>
    points.reduce((total, point) => total + (figure(point) ?? 0n), 0n);
  const address = tracesAddress({
    filter: `endpoint = '${name.replaceAll("'", "''")}'`,
    range: { kind: "last", ms: BILL_DAYS * DAY_MS },
  });
  return (
    <dl className={styles["facts"]} aria-label="Bill">
      <Fact name={`Cost, ${BILL_DAYS} days`} more={<Sparkline values={days} width={150} />}>
        {costText(sum(({ cost }) => cost?.totalNanoUsd))}
      </Fact>
      <Fact name="Calls">
        <Link href={address}>{countText(sum(({ requests }) => requests))}</Link>
      </Fact>
      <Fact name="Input tokens">{countText(sum(({ usage }) => usage?.inputTokens))}</Fact>
      <Fact name="Output tokens">{countText(sum(({ usage }) => usage?.outputTokens))}</Fact>
    </dl>
  );
}

/** What decides what becomes of a call, in the configuration's words. */
export function Policy({ policy }: { readonly policy: EndpointPolicy }) {
  const facts: readonly (readonly [name: string, value: string])[] = [
    ["Retries", policy.retriesMax === 0 ? "none" : `up to ${policy.retriesMax}`],
    ["Attempts", `up to ${policy.attemptsMax}`],
    ["Hedge", policy.hedgeAfterMs === 0n ? "off" : `after ${durationText(Number(policy.hedgeAfterMs))}`],
    ["Sticky", policy.sticky],
    ["At once", policy.callsMax === 0n ? "any number" : `${policy.callsMax}, and ${policy.queueMax} wait`],
    ["Provider keys", policy.credentials === "caller" ? "the caller's" : "the gateway's"],
    ["Traces", policy.tracing],
    ["Mirror", policy.mirror],
    ["Payload kept", policy.payload],
  ];
  return (
    <dl className={styles["policy"]} aria-label="Settings">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Fact({
  name,
  children,
  more,
}: {
  readonly name: string;
  readonly children: React.ReactNode;
  readonly more?: React.ReactNode;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <strong>{children}</strong>
        {more}
      </dd>
    </div>
  );
}
