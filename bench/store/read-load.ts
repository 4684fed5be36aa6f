import { Metadata, type ServiceError } from "@grpc/grpc-js";
import { channelCredentials, channelOptions } from "#lib/rpc/client.ts";
import { ExperimentServiceClient, type ListExperimentsResponse } from "#proto/twinspan/trace/v1/experiment_service.ts";
import { type GetTotalsRequest, TotalsGroup, TotalsKind } from "#proto/twinspan/trace/v1/totals.ts";
import { TraceView } from "#proto/twinspan/trace/v1/trace.ts";
import { TraceReaderServiceClient } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { createRandom, type Random } from "../traffic/random.ts";
import { idOf, STEP_NS, sessionOf } from "./stamp.ts";
import { TEMPLATE_NS } from "./templates.ts";

/** What is to be read, given as JSON in the first argument. What it came to is written as JSON to standard output. */
export interface ReadLoad {
  readonly target: string;
  /** How many records there are. */
  readonly records: number;
  /** So often each kind of read is asked, one after the other; totals, which take longer, a tenth of that. */
  readonly times: number;
}

/** How long each kind of read took, from the question to the last byte of its answer, in milliseconds. */
export type ReadFigures = readonly { readonly name: string; readonly ms: readonly number[] }[];

const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const LIST = 50;
const HOUR_NS = 3_600_000_000_000n;
const DAY_NS = 24n * HOUR_NS;
const SEED = 3;
/** So often each kind of read is asked before it counts: until both sides are compiled. */
const WARM_UP = 50;

type Callback = (error: ServiceError | null) => void;
interface Read {
  readonly name: string;
  readonly ask: (random: Random, done: Callback) => void;
  readonly isSlow?: boolean;
}

async function run({ target, records, times }: ReadLoad): Promise<ReadFigures> {
  const client = new TraceReaderServiceClient(target, channelCredentials(), channelOptions(ANSWER_BYTES_MAX));
  const experimentIds = await gatewaysOf(target);
  const figures = [];
  for (const read of readsOf(client, experimentIds, records)) {
    const random = createRandom(SEED);
    const ms: number[] = [];
    for (let time = -WARM_UP; time < (read.isSlow === true ? Math.ceil(times / 10) : times); time += 1) {
      const start = performance.now();
      await new Promise<void>((resolve, reject) => {
        read.ask(random, (error) => (error === null ? resolve() : reject(error)));
      });
      if (time >= 0) ms.push(performance.now() - start);
    }
    figures.push({ name: read.name, ms });
  }
  client.close();
  return figures;
}

function readsOf(client: TraceReaderServiceClient, experimentIds: readonly string[], records: number): readonly Read[] {
  const endNs = TEMPLATE_NS + BigInt(records) * STEP_NS;
  // As charts ask: up to the end of the hour.
  const lastNs = endNs - (endNs % HOUR_NS) + HOUR_NS;
  const get = (id: "full" | "agent") => (random: Random, done: Callback) =>
    void client.getTrace(
      { traceId: idOf(id, random.below(records)).toString("hex"), view: TraceView.TRACE_VIEW_FULL },
      done,
    );
  const search =
    (filterOf: (random: Random) => string, scope: readonly string[]) => (random: Random, done: Callback) => {
      const experiment = scope[random.below(scope.length)];
      const request = {
        experimentIds: experiment === undefined ? [] : [experiment],
        pending: experiment === undefined,
        unclaimed: false,
        pageSize: LIST,
        pageToken: "",
        filter: filterOf(random),
        orderBy: "",
      };
      client.searchTraces(request, done);
    };
  const totals = (days: bigint, bucketNanos: bigint, groupBy: TotalsGroup) => (_: Random, done: Callback) => {
    const request: GetTotalsRequest = {
      experimentIds: [...experimentIds],
      startTimeUnixNano: lastNs - days * DAY_NS,
      endTimeUnixNano: lastNs,
      bucketNanos,
      kind: TotalsKind.TOTALS_KIND_BILLED,
      groupBy,
      groupsMax: 0,
    };
    client.getTotals(request, done);
  };
  const before = (random: Random) => `timestamp_ms < ${(lastNs - BigInt(random.below(29)) * DAY_NS) / 1_000_000n}`;
  return [
    { name: "get a full trace, payload and all", ask: get("full") },
    { name: "get an agent's trace", ask: get("agent") },
    { name: `the newest ${LIST} of an experiment`, ask: search(() => "", experimentIds) },
    { name: `${LIST} of an experiment before a day`, ask: search(before, experimentIds) },
    { name: `the newest ${LIST} pending`, ask: search(() => "", []) },
    { name: "of a session", ask: search((random) => `session = '${sessionOf(random.below(records))}'`, experimentIds) },
    { name: `${LIST} of a model`, ask: search(() => "model = 'gpt-5-mini'", experimentIds) },
    { name: `${LIST} that failed`, ask: search(() => "status = 'ERROR'", experimentIds) },
    {
      name: `${LIST} of a caller that took over 5 s`,
      ask: search(() => "caller = 'curl' AND duration > 5000", experimentIds),
    },
    {
      name: "twins of a full trace",
      ask: (random, done) =>
        void client.listTwins(
          { traceId: idOf("full", random.below(records)).toString("hex"), pageSize: 0, pageToken: "" },
          new Metadata(),
          done,
        ),
    },
    {
      name: "totals of a day by hour",
      ask: totals(1n, HOUR_NS, TotalsGroup.TOTALS_GROUP_UNSPECIFIED),
      isSlow: true,
    },
    { name: "totals of 30 days by model", ask: totals(30n, DAY_NS, TotalsGroup.TOTALS_GROUP_MODEL), isSlow: true },
    { name: "totals of 30 days by caller", ask: totals(30n, 0n, TotalsGroup.TOTALS_GROUP_CALLER), isSlow: true },
  ];
}

/** The experiments of the endpoints. */
async function gatewaysOf(target: string): Promise<readonly string[]> {
  const client = new ExperimentServiceClient(target, channelCredentials(), channelOptions(ANSWER_BYTES_MAX));
  const answer = await new Promise<ListExperimentsResponse>((resolve, reject) => {
    client.listExperiments({ pageSize: 0, pageToken: "", filter: "" }, (error, response) =>
      error === null ? resolve(response) : reject(error),
    );
  });
  client.close();
  return answer.experiments.filter(({ name }) => name.startsWith("gateway/")).map(({ id }) => id);
}

const [, , argument = "{}"] = process.argv;
const load: ReadLoad = JSON.parse(argument);
process.stdout.write(JSON.stringify(await run(load)));
