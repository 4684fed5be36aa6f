import { Metadata, type ServiceError } from "@grpc/grpc-js";
import { channelCredentials, channelOptions } from "#lib/rpc/client.ts";
import { ExperimentServiceClient, type ListExperimentsResponse } from "#proto/twinspan/trace/v1/experiment_service.ts";
import { type GetTotalsResponse, TotalsGroup, TotalsKind } from "#proto/twinspan/trace/v1/totals.ts";
import { TraceReaderServiceClient } from "#proto/twinspan/trace/v1/trace_reader_service.ts";

const READ_MS = 60_000;
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
const DAY_NS = 86_400_000_000_000n;

/** How many full traces an experiment has that began within a day, as the trace-writer there adds them up. */
export async function countStored(target: string, key: string, experiment: string): Promise<number> {
  const reader = new TraceReaderServiceClient(target, channelCredentials(), channelOptions(ANSWER_BYTES_MAX));
  const keeper = new ExperimentServiceClient(target, channelCredentials(), channelOptions(ANSWER_BYTES_MAX));
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${key}`);
  const options = () => ({ deadline: Date.now() + READ_MS });
  try {
    const { experiments } = await answerOf<ListExperimentsResponse>((done) =>
      keeper.listExperiments({ pageSize: 1000, pageToken: "", filter: "" }, metadata, options(), done),
    );
    const nowNs = BigInt(Date.now()) * 1_000_000n;
    const request = {
      experimentIds: experiments.filter(({ name }) => name === experiment).map(({ id }) => id),
      startTimeUnixNano: nowNs - DAY_NS,
      endTimeUnixNano: nowNs + DAY_NS,
      bucketNanos: 0n,
      kind: TotalsKind.TOTALS_KIND_BILLED,
      groupBy: TotalsGroup.TOTALS_GROUP_UNSPECIFIED,
      groupsMax: 0,
    };
    if (request.experimentIds.length === 0) return 0;
    const { points } = await answerOf<GetTotalsResponse>((done) =>
      reader.getTotals(request, metadata, options(), done),
    );
    return points.reduce((sum, { requests }) => sum + Number(requests), 0);
  } finally {
    reader.close();
    keeper.close();
  }
}

function answerOf<Answer>(
  ask: (done: (error: ServiceError | null, answer: Answer) => void) => unknown,
): Promise<Answer> {
  return new Promise((resolve, reject) => ask((error, answer) => (error === null ? resolve(answer) : reject(error))));
}
