import type { ResourceSpans } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { agentRunOf } from "./agent-run.ts";
import { callOf } from "./call.ts";
import type { Say } from "./call-plan.ts";
import { type Conditions, conditionsAt } from "./incident.ts";
import { createRandom, type Random } from "./random.ts";
import { createRhythm } from "./rhythm.ts";
import { textOf } from "./texts.ts";
import { AGENTS, type Agent, CALLERS, ENDPOINTS } from "./world.ts";

/** What is made up. The same options make the same traffic, to the byte. */
export interface TrafficOptions {
  /** Others with another, and with another number of traces: no id is in both. */
  readonly seed: number;
  /** How many traces there are, full ones and agents' together: a few more, so that the last run is whole. */
  readonly traces: number;
  /** When it ends, in nanoseconds since the Unix epoch. It begins 30 days before. */
  readonly untilNs: bigint;
  /** The longest that a request and an answer are, in characters. */
  readonly askedMax: number;
  readonly answeredMax: number;
}

/** Thirty days of a company's calls, in the order they happen. */
export interface Traffic {
  /** How many episodes there are: single calls, and runs of agents. */
  readonly episodes: number;
  /** How many traces the episodes before this one make. */
  tracesBefore(episode: number): number;
  /** What an episode leaves behind. */
  episode(index: number): Episode;
}

export interface Episode {
  /** The records of its calls, as the gateway ships them. */
  readonly records: readonly Buffer[];
  /** The agent's own spans. Undefined: it was a single call. */
  readonly spans: ResourceSpans | undefined;
  /** Its first full trace: 32 hex digits. */
  readonly traceId: string;
}

/** Of all episodes so many are runs of agents; so many single calls come with the context of a trace that is kept elsewhere. */
const RUNS = 0.11;
const FROM_ELSEWHERE = 0.01;
/** How many people there are, and how many sessions each has in the thirty days. */
const USERS = 4_000;
const SESSIONS = 12;
/** What a caller types, and a model answers, for a token. */
const CHARACTERS_A_TOKEN = 4;

/** Plans the traffic: nothing of it is made up before it is asked for. */
export function createTraffic(options: TrafficOptions): Traffic {
  const { seed, traces, untilNs } = options;
  const rhythm = createRhythm(untilNs);
  const ends: number[] = [];
  for (let sum = 0; sum < traces; ends.push(sum)) sum += tracesOf(planOf(createRandom(seed, traces, ends.length)));
  const conditions = (ns: bigint) => conditionsAt(untilNs, ns);
  const max = { asked: options.askedMax, answered: options.answeredMax };
  const say: Say = (random, topic, part, tokens) =>
    textOf(random, topic, part, Math.min(max[part], tokens * CHARACTERS_A_TOKEN));
  return {
    episodes: ends.length,
    tracesBefore: (episode) => ends[episode - 1] ?? 0,
    episode(index) {
      const random = createRandom(seed, traces, index);
      const plan = planOf(random);
      const atNs = rhythm.momentAt((index + random.next() * Number(index > 0)) / ends.length);
      const who = { atNs, ...personOf(random), say };
      if (plan.agent === undefined)
        return singleCallOf(random, { ...who, isFromElsewhere: plan.isFromElsewhere }, conditions(atNs));
      const { calls, spans } = agentRunOf(random, { ...who, agent: plan.agent, calls: plan.calls }, conditions);
      return { records: calls.map(({ record }) => record), spans, traceId: calls[0]?.traceId ?? "" };
    },
  };
}

interface Plan {
  readonly agent: Agent | undefined;
  readonly calls: number;
  readonly isFromElsewhere: boolean;
}

/** The first that is drawn of an episode, so that it can be counted without being made up. */
function planOf(random: Random): Plan {
  if (!random.happens(RUNS)) return { agent: undefined, calls: 1, isFromElsewhere: random.happens(FROM_ELSEWHERE) };
  const agent = random.pickWeighted(AGENTS);
  return { agent, calls: 1 + random.below(agent.callsMax), isFromElsewhere: false };
}

/** A run that fails makes fewer calls than it planned: that is few traces of many. */
function tracesOf({ agent, calls, isFromElsewhere }: Plan): number {
  return calls + (agent !== undefined || isFromElsewhere ? 1 : 0);
}

function personOf(random: Random) {
  const user = random.below(USERS);
  return { user: `user-${user}`, session: `session-${user}-${random.below(SESSIONS)}` };
}

function singleCallOf(
  random: Random,
  who: ReturnType<typeof personOf> & { readonly atNs: bigint; readonly say: Say; readonly isFromElsewhere: boolean },
  conditions: Conditions,
): Episode {
  const isBatch = random.happens(conditions.batchShare);
  const product = isBatch ? "nightly-batch" : random.pickWeighted(CALLERS).product;
  const endpoint = isBatch
    ? (ENDPOINTS.find(({ name }) => name === "summaries") ?? ENDPOINTS[0])
    : random.pickWeighted(ENDPOINTS);
  const callerSpan = who.isFromElsewhere ? { traceId: random.hex(16), spanId: random.hex(8) } : undefined;
  const call = callOf(random, { ...who, endpoint, product, callerSpan, experiment: undefined }, conditions);
  return { records: [call.record], spans: undefined, traceId: call.traceId };
}
