import { BreakerState, type Endpoint, type EndpointModel } from "#proto/twinspan/gateway/v1/endpoint.ts";
import type { ModelPrice } from "#proto/twinspan/gateway/v1/endpoint_details.ts";
import { Chip } from "../../components/chip.tsx";
import { type Column, Table } from "../../components/table.tsx";
import type { Tone } from "../../components/tone.ts";
import { costText, countText, durationText, percentText } from "../../format/figures.ts";
import { errorShareOf } from "./endpoint-state.ts";
import styles from "./endpoints.module.css";
import { ErrorTypes } from "./error-types.tsx";

/** What an endpoint is made of: each model, its share, what it costs, and what was asked of it lately. */
export function ModelsTable({ endpoint: { models } }: { readonly endpoint: Endpoint }) {
  const whole = models.reduce((sum, { weight }) => sum + weight, 0);
  const firstFallback = models.findIndex(({ weight }) => weight === 0);
  const rows = models.map((model, at) => ({ model, at }));
  const columns: readonly Column<(typeof rows)[number]>[] = [
    {
      key: "model",
      head: "Model",
      cell: ({ model: { provider, model } }) => (
        <span className={styles["model"]} title={`${model} ${provider}`}>
          <b>{model}</b> <span>{provider}</span>
        </span>
      ),
    },
    {
      key: "share",
      head: "Share",
      cell: ({ model: { weight }, at }) =>
        weight === 0 ? (
          <span className={styles["soft"]}>fallback {at - firstFallback + 1}</span>
        ) : (
          <span className={styles["share"]}>
            <span aria-hidden="true">
              <i style={{ width: `${(100 * weight) / whole}%` }} />
            </span>
            {percentText(weight / whole)}
          </span>
        ),
    },
    { key: "state", head: "State", cell: ({ model }) => <ModelState model={model} /> },
    {
      key: "attempts",
      head: "Attempts",
      numeric: true,
      cell: ({ model }) => countText(model.details?.recent?.count ?? 0n),
    },
    {
      key: "errors",
      head: "Failed",
      numeric: true,
      cell: ({ model: { details } }) => {
        const share = errorShareOf(details?.recent);
        return share === undefined ? "–" : percentText(share);
      },
    },
    {
      key: "latency",
      head: "p50 / p95",
      numeric: true,
      cell: ({ model: { details } }) => {
        const duration = details?.recent?.duration;
        return duration === undefined ? "–" : `${nanosText(duration.p50Nanos)} / ${nanosText(duration.p95Nanos)}`;
      },
    },
    {
      key: "token",
      head: "First token",
      numeric: true,
      cell: ({ model }) => nanosText(model.details?.recent?.timeToFirstToken?.p95Nanos),
    },
    {
      key: "price",
      head: "Price per M",
      numeric: true,
      cell: ({ model }) => <Price price={model.details?.price} />,
    },
  ];
  return <Table caption="Models" columns={columns} rows={rows} keyOf={({ at }) => `${at}`} />;
}

const STATES: ReadonlyMap<BreakerState, readonly [tone: Tone, words: string, says: string]> = new Map([
  [BreakerState.BREAKER_STATE_CLOSED, ["ok", "takes calls", "Its provider's breaker is closed."]],
  [
    BreakerState.BREAKER_STATE_HALF_OPEN,
    ["wait", "one call tries", "Its provider kept failing; one call tries whether it is well again."],
  ],
  [BreakerState.BREAKER_STATE_OPEN, ["bad", "suspended", "Its provider keeps failing and is left alone for a while."]],
]);

function ModelState({ model: { breakerState, details } }: { readonly model: EndpointModel }) {
  if (details !== undefined && details.unavailableReason !== "")
    return <Chip tone="bad">{details.unavailableReason}</Chip>;
  const errors = details?.recent?.errorsByType ?? [];
  // What fails says more than that it is still asked.
  if (breakerState === BreakerState.BREAKER_STATE_CLOSED && errors.length > 0) return <ErrorTypes errors={errors} />;
  const [tone, words, says] = STATES.get(breakerState) ?? ["plain", "not said", ""];
  return (
    <Chip tone={tone} title={says}>
      {words}
    </Chip>
  );
}

function Price({ price }: { readonly price: ModelPrice | undefined }) {
  if (price === undefined) return <span className={styles["soft"]}>not known</span>;
  const { inputNanoUsdPerMillion, outputNanoUsdPerMillion, priceVersion } = price;
  return (
    <span title={`input / output tokens, from ${priceVersion}`}>
      {costText(inputNanoUsdPerMillion)} / {costText(outputNanoUsdPerMillion)}
    </span>
  );
}

/** A time as people read it. */
export function nanosText(nanos: bigint | undefined): string {
  return nanos === undefined ? "–" : durationText(Number(nanos) / 1e6);
}
