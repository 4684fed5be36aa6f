import type { Attempt, Failure, Outcome } from "../invocation.ts";
import {
  type Digest,
  type Kept,
  keptPayloadOf,
  keptTextOf,
  keptTranslationOf,
  NOTHING_KEPT,
  type PayloadPolicy,
  type WithheldReason,
  withheldFor,
} from "./payload-policy.ts";

/** What is kept of the payload of a call, span by span. Nothing else of it may be written. */
export interface KeptPayloads {
  readonly keep: PayloadPolicy["keep"];
  readonly root: KeptPayload;
  /** One an attempt, in their order. */
  readonly attempts: readonly KeptPayload[];
}

/** What is kept of the payload of a span. */
export interface KeptPayload {
  readonly inputs: Kept;
  readonly outputs: Kept;
  readonly errorText: Kept;
}

/** What a policy keeps of the payload of a call that has ended. Throws where something of it cannot be looked at. */
export function keptPayloadsOf(outcome: Outcome, policy: PayloadPolicy, digest: Digest): KeptPayloads {
  const ofOurs: PayloadPolicy = { ...policy, redactor: undefined };
  const errorTextOf = (failure: Failure | undefined) =>
    keptTextOf(failure?.isOurs ? ofOurs : policy, failure?.text ?? "", digest);
  return {
    keep: policy.keep,
    root: {
      inputs: keptPayloadOf(policy, outcome.inputs, digest),
      outputs: keptPayloadOf(policy, outcome.outputs, digest),
      errorText: errorTextOf(outcome.failure),
    },
    attempts: outcome.attempts.map(({ inputs, failure }) => ({
      inputs: keptTranslationOf(policy, inputs, digest),
      outputs: NOTHING_KEPT,
      errorText: errorTextOf(failure),
    })),
  };
}

/** The same of a call whose payload is withheld whole. */
export function withheldPayloadsOf(
  outcome: Outcome,
  keep: PayloadPolicy["keep"],
  reason: WithheldReason,
): KeptPayloads {
  const of = (isThere: boolean) => (isThere ? withheldFor(reason) : NOTHING_KEPT);
  const hasText = ({ failure }: Pick<Attempt, "failure">) => failure !== undefined && failure.text !== "";
  return {
    keep,
    root: {
      inputs: of(outcome.inputs !== undefined),
      outputs: of(outcome.outputs !== undefined),
      errorText: of(hasText(outcome)),
    },
    attempts: outcome.attempts.map((attempt) => ({
      inputs: of(attempt.inputs !== undefined),
      outputs: NOTHING_KEPT,
      errorText: of(hasText(attempt)),
    })),
  };
}

/** What a span says of its payload: how much was blacked out, and what is withheld, as `<what>:<reason>`. */
export function payloadMarksOf(kept: KeptPayload): {
  readonly redactions: number;
  readonly withheld: readonly string[];
} {
  const { inputs, outputs, errorText } = kept;
  const withheld: string[] = [];
  if (inputs.withheld !== undefined) withheld.push(`inputs:${inputs.withheld}`);
  if (outputs.withheld !== undefined) withheld.push(`outputs:${outputs.withheld}`);
  if (errorText.withheld !== undefined) withheld.push(`error_text:${errorText.withheld}`);
  return { redactions: inputs.redactions + outputs.redactions + errorText.redactions, withheld };
}
