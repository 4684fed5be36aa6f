import { attributesOf } from "#lib/spans/attributes.ts";
import {
  type ResourceSpans,
  type Span,
  Span_SpanKind,
  Status_StatusCode,
} from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { type Call, callOf } from "./call.ts";
import type { Say } from "./call-plan.ts";
import type { Conditions } from "./incident.ts";
import type { Random } from "./random.ts";
import { textOf } from "./texts.ts";
import { type Agent, ENDPOINTS } from "./world.ts";

/** A run of an agent: its calls, and its own spans, which hold the mirrors of its calls. */
export interface AgentRun {
  readonly traceId: string;
  readonly calls: readonly Call[];
  readonly spans: ResourceSpans;
}

/** What is said with a run, by itself and its calls. */
export interface RunFacts {
  readonly atNs: bigint;
  readonly agent: Agent;
  readonly calls: number;
  readonly session: string;
  readonly user: string;
  readonly say: Say;
}

/** A tool takes some 120 ms; between two things an agent takes 3. */
const TOOL_MS = 120;
const PAUSE_NS = 3_000_000n;
/** Of so many uses a tool fails in one. */
const TOOL_FAILS = 0.02;

/** Makes up a run: step after step, in each a call or more and what a tool found. */
export function agentRunOf(random: Random, facts: RunFacts, conditionsAt: (ns: bigint) => Conditions): AgentRun {
  const { agent, session, user } = facts;
  const traceId = random.hex(16);
  const root = random.hex(8);
  const spans: Span[] = [];
  const calls: Call[] = [];
  let nowNs = facts.atNs + PAUSE_NS;
  let failed = false;
  const add = (
    parent: string | undefined,
    spanId: string,
    name: string,
    startNs: bigint,
    isWell: boolean,
    said: Said,
  ) => {
    spans.push(spanOf({ traceId, parent, spanId, name, startNs, endNs: nowNs, isWell }, said));
  };
  for (let index = 0; index < facts.calls && !failed; index += 1) {
    const stepStart = nowNs;
    const step = random.hex(8);
    const endpoint =
      ENDPOINTS.find(({ name }) => name === agent.endpoints[index % agent.endpoints.length]) ?? ENDPOINTS[0];
    const call = callOf(
      random,
      {
        ...facts,
        atNs: nowNs + PAUSE_NS,
        endpoint,
        product: agent.product,
        callerSpan: { traceId, spanId: step },
        experiment: undefined,
      },
      conditionsAt(nowNs),
    );
    calls.push(call);
    nowNs = call.endNs + PAUSE_NS;
    failed = call.failed;
    if (!failed && index + 1 < facts.calls) {
      const toolStart = nowNs;
      const tool = random.pick(agent.tools);
      nowNs += BigInt(Math.round(random.around(TOOL_MS, 0.7) * 1e6));
      const found = textOf(random, endpoint.topic, "answered", 120);
      add(step, random.hex(8), tool, toolStart, !random.happens(TOOL_FAILS), {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": tool,
        "gen_ai.tool.call.arguments": JSON.stringify({ query: textOf(random, endpoint.topic, "asked", 40) }),
        "gen_ai.tool.call.result": JSON.stringify({ found }),
      });
    }
    const stepName = agent.steps[Math.min(index, agent.steps.length - 1)] ?? "step";
    add(root, step, stepName, stepStart, !failed, { "gen_ai.operation.name": "invoke_workflow" });
    nowNs += PAUSE_NS;
  }
  add(undefined, root, agent.name, facts.atNs, !failed, {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.name": agent.name,
    "session.id": session,
    "user.id": user,
    "gen_ai.input.messages": textOf(random, agent.topic, "asked", 100),
    "gen_ai.output.messages": failed ? undefined : textOf(random, agent.topic, "answered", 100),
  });
  return { traceId, calls, spans: groupOf(agent, spans) };
}

type Said = Parameters<typeof attributesOf>[0];

interface SpanFacts {
  readonly traceId: string;
  readonly parent: string | undefined;
  readonly spanId: string;
  readonly name: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly isWell: boolean;
}

function spanOf({ traceId, parent, spanId, name, startNs, endNs, isWell }: SpanFacts, said: Said): Span {
  return {
    traceId: Buffer.from(traceId, "hex"),
    spanId: Buffer.from(spanId, "hex"),
    traceState: "",
    parentSpanId: Buffer.from(parent ?? "", "hex"),
    flags: 0x101,
    name,
    kind: Span_SpanKind.SPAN_KIND_INTERNAL,
    startTimeUnixNano: startNs,
    endTimeUnixNano: endNs,
    attributes: attributesOf(said),
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    status: {
      code: isWell ? Status_StatusCode.STATUS_CODE_OK : Status_StatusCode.STATUS_CODE_ERROR,
      message: isWell ? "" : "The step could not be carried out.",
    },
  };
}

/** The experiment stands in the resource, so that one export may hold the spans of several agents. */
function groupOf({ experiment, product }: Agent, spans: Span[]): ResourceSpans {
  return {
    resource: {
      attributes: attributesOf({ "service.name": product, "twinspan.experiment": experiment }),
      droppedAttributesCount: 0,
      entityRefs: [],
    },
    scopeSpans: [
      { scope: { name: product, version: "", attributes: [], droppedAttributesCount: 0 }, spans, schemaUrl: "" },
    ],
    schemaUrl: "",
  };
}
