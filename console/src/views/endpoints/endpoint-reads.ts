import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { Endpoint } from "#proto/twinspan/gateway/v1/endpoint.ts";
import { EndpointServiceService } from "#proto/twinspan/gateway/v1/endpoint_service.ts";
import { TotalsGroup, type TotalsPoint } from "#proto/twinspan/trace/v1/totals.ts";
import { call } from "../../api/call.ts";
import { useExperiments } from "../../reads/experiments.ts";
import { totalsQuery } from "../../reads/totals.ts";

/** How they do is looked at so often, in milliseconds. */
const EVERY_MS = 3_000;
const DAY_MS = 86_400_000;
/** The bill is of so many days. */
export const BILL_DAYS = 30;
const ENDPOINTS_MAX = 100;
const EXPERIMENTS_MAX = 100;

/** Reads the endpoints, how they are set and how they do, and again while they are shown. */
export function useDetailedEndpoints() {
  return useQuery({
    queryKey: ["endpoints", "detailed"],
    refetchInterval: EVERY_MS,
    queryFn: async ({ signal }): Promise<readonly Endpoint[]> =>
      (await call(EndpointServiceService.listEndpoints, { details: true }, signal)).endpoints,
  });
}

/** What endpoints were billed in the last days, by day, by the endpoint's name. Undefined: it is not known yet. */
export function useBills(endpoints: readonly Endpoint[]): ReadonlyMap<string, readonly TotalsPoint[]> | undefined {
  const experiments = useExperiments();
  const names = new Set(endpoints.map(({ experiment }) => experiment));
  const ids = (experiments.data ?? []).filter(({ name }) => names.has(name)).map(({ id }) => id);
  const toMs = Math.ceil(Date.now() / DAY_MS) * DAY_MS;
  const bills = useQuery({
    ...totalsQuery({
      experimentIds: ids.slice(0, EXPERIMENTS_MAX),
      ...{ fromMs: toMs - BILL_DAYS * DAY_MS, toMs, bucketMs: DAY_MS },
      ...{ groupBy: TotalsGroup.TOTALS_GROUP_ENDPOINT, groupsMax: ENDPOINTS_MAX },
    }),
    enabled: experiments.isSuccess && endpoints.length > 0,
    placeholderData: keepPreviousData,
  });
  return bills.data === undefined ? undefined : Map.groupBy(bills.data, ({ group }) => group);
}

/** When the first of those days began, in milliseconds since 1970. */
export function billFromMs(): number {
  return Math.ceil(Date.now() / DAY_MS) * DAY_MS - BILL_DAYS * DAY_MS;
}
