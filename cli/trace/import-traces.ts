import { parseOtlpJson } from "#lib/otlp-json/otlp-json.ts";
import { ServiceError } from "#lib/service-error.ts";
import type { ResourceSpans } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { CliError } from "../io.ts";
import { linesOf } from "./lines-of.ts";
import type { Rejected, SpanSender } from "./span-sender.ts";

/** How far an import has come. */
export interface ImportProgress {
  readonly lines: number;
  readonly bytes: number;
  readonly spans: number;
  readonly rejected: readonly Rejected[];
}

/** So many lines, or so many bytes of them, go in one export. */
const LINES_MAX = 200;
const BYTES_MAX = 4 * 1024 * 1024;
/** The attributes of a resource that name its experiment, which would rank above the one that is asked for. */
const NAMES_EXPERIMENT: ReadonlySet<string> = new Set(["twinspan.experiment", "mlflow.experimentId"]);

interface Batch {
  readonly resourceSpans: ResourceSpans[];
  lines: number;
  bytes: number;
}

/**
 * Sends the lines of an OTLP file, batch by batch; says after each how far it has come. A line that is no OTLP/JSON
 * ends it with a CliError that names the line: those before it are stored. Sending a file again changes nothing.
 */
export async function* importTraces(
  file: AsyncIterable<Uint8Array>,
  sender: SpanSender,
  experimentId: string | undefined,
): AsyncGenerator<ImportProgress> {
  const rejected: Rejected[] = [];
  const sent = { lines: 0, bytes: 0, spans: 0 };
  const send = async ({ resourceSpans, lines, bytes }: Batch): Promise<ImportProgress> => {
    const answer = await sender.send(resourceSpans, experimentId);
    if (answer.spans > 0) rejected.push(answer);
    sent.lines += lines;
    sent.bytes += bytes;
    sent.spans += spansIn(resourceSpans);
    return { ...sent, rejected };
  };

  let batch: Batch = { resourceSpans: [], lines: 0, bytes: 0 };
  for await (const line of linesOf(file)) {
    if (batch.lines > 0 && (batch.lines === LINES_MAX || batch.bytes + line.length > BYTES_MAX)) {
      yield await send(batch);
      batch = { resourceSpans: [], lines: 0, bytes: 0 };
    }
    const spans = line.length === 0 ? [] : spansOf(line, sent.lines + batch.lines + 1);
    batch.resourceSpans.push(...(experimentId === undefined ? spans : spans.map(withoutExperiment)));
    batch.lines += 1;
    batch.bytes += line.length + 1;
  }
  yield await send(batch);
}

function spansOf(line: Buffer, number: number): readonly ResourceSpans[] {
  try {
    return parseOtlpJson(line).resourceSpans;
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    throw new CliError(`line ${number} is no OTLP/JSON: ${error.message} What stands before it is stored.`);
  }
}

function withoutExperiment(group: ResourceSpans): ResourceSpans {
  const { resource } = group;
  if (resource === undefined) return group;
  const attributes = resource.attributes.filter(({ key }) => !NAMES_EXPERIMENT.has(key));
  return { ...group, resource: { ...resource, attributes } };
}

function spansIn(resourceSpans: readonly ResourceSpans[]): number {
  return resourceSpans.reduce(
    (sum, { scopeSpans }) => sum + scopeSpans.reduce((inner, { spans }) => inner + spans.length, 0),
    0,
  );
}
