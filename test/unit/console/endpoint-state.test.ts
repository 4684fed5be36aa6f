import { expect, test } from "vitest";
import { BreakerState, type Endpoint } from "#proto/twinspan/gateway/v1/endpoint.ts";
import { endpointStateOf } from "../../../console/src/views/endpoints/endpoint-state.ts";

const {
  BREAKER_STATE_UNSPECIFIED: NOT_SAID,
  BREAKER_STATE_CLOSED: CLOSED,
  BREAKER_STATE_HALF_OPEN: HALF_OPEN,
  BREAKER_STATE_OPEN: OPEN,
} = BreakerState;

function endpoint(states: readonly BreakerState[]): Endpoint {
  const models = states.map((breakerState) => ({
    provider: "p",
    model: "m",
    weight: 1,
    breakerState,
    details: undefined,
  }));
  return {
    id: "ep-0000000000000001",
    name: "demo",
    experiment: "gateway/demo",
    models,
    unavailableReason: "",
    createTimeSeconds: 0n,
    details: undefined,
  };
}

test.each([
  [[OPEN, HALF_OPEN], "all providers suspended"],
  [[OPEN, CLOSED], "a provider suspended"],
  [[NOT_SAID, HALF_OPEN], "a provider suspended"],
  [[NOT_SAID, NOT_SAID], "another workspace’s"],
])("of breakers in states %j it is said: %s", (states, words) => {
  expect(endpointStateOf(endpoint(states)).words).toBe(words);
});
