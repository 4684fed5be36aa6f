import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { METHOD_NEEDS } from "#lib/auth/method-needs.ts";
import { ROLES, type Role } from "#lib/auth/role.ts";
import { GetExperimentResponse } from "#proto/twinspan/trace/v1/experiment_service.ts";
import { ROUTE_NEEDS } from "../../../services/ingress/core/route-needs.ts";
import { callRaw, type KeyedServices, keyFor, startKeyedServices, untilRecorded } from "../../system/keyed-services.ts";
import { ROUTE_ROWS } from "./route-rows.ts";
import type { Home } from "./rpc-row.ts";
import { RPC_ROWS } from "./rpc-rows.ts";

const WORKSPACES = ["home", "away"] as const;
const KEYS = WORKSPACES.flatMap((workspace) =>
  ROLES.map((role) => ({ workspace, role, ...keyFor(`${workspace}-${role}`, [role], { workspace }) })),
);
const UNKNOWN = keyFor("unknown", ["admin"]).key;
const EXPERIMENT = "of-home-alone";
const ENDPOINT = "endpoint-of-home";

let services: KeyedServices;
let home: Home;

function keyOf(workspace: (typeof WORKSPACES)[number], role: Role): string {
  return KEYS.find((made) => made.workspace === workspace && made.role === role)?.key ?? "";
}

beforeAll(async () => {
  services = await startKeyedServices({
    workspaces: WORKSPACES.map((name) => ({ name })),
    auth: { keys: KEYS.map(({ line }) => line) },
    endpoints: [
      {
        name: ENDPOINT,
        workspace: "home",
        experiment: EXPERIMENT,
        models: [{ provider: "scripted", model: "echo-1" }],
      },
    ],
  });
  const agent = "4bf92f3577b34da6a3ce929d0e0e4736";
  const response = await fetch(`${services.ingress.url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${keyOf("home", "invoke")}`,
      "content-type": "application/json",
      traceparent: `00-${agent}-00f067aa0ba902b7-01`,
      "x-twinspan-experiment": EXPERIMENT,
    },
    body: JSON.stringify({ model: ENDPOINT, messages: [{ role: "user", content: "hello" }] }),
  });
  expect(response.status).toBe(200);
  await untilRecorded(services);
  const row = RPC_ROWS["/twinspan.trace.v1.ExperimentService/GetExperiment"];
  const known = { endpoint: ENDPOINT, experiment: EXPERIMENT, agent: `tr-${agent}` };
  const full = response.headers.get("x-twinspan-trace-id") ?? "";
  const asked = row?.request({ ...known, full, experimentId: "" }) ?? new Uint8Array();
  const found = await callRaw(
    services.traceWriter.address,
    "/twinspan.trace.v1.ExperimentService/GetExperiment",
    asked,
    { "x-twinspan-key": keyOf("home", "admin") },
  );
  home = { ...known, full, experimentId: GetExperimentResponse.decode(found.answer).experiment?.id ?? "" };
});
afterAll(() => services[Symbol.asyncDispose]());

/** Whether anything that is of `home` alone is in an answer. */
function shows(answer: Buffer): boolean {
  const text = answer.toString("latin1");
  return [home.full, home.agent, EXPERIMENT, ENDPOINT].some((mark) => text.includes(mark));
}

describe("every RPC, by every role, of its own workspace and of another", () => {
  test("there is a row for every method of the contract, and for no other", () => {
    expect(Object.keys(RPC_ROWS).toSorted()).toEqual(Object.keys(METHOD_NEEDS).toSorted());
  });

  test.each(Object.entries(RPC_ROWS))("%s", async (path, row) => {
    const { address } = services[row.service];
    const outcomeOf = async (headers: Readonly<Record<string, string>>) => {
      const { status, answer } = await callRaw(address, path, row.request(home), headers);
      return status === "OK" && shows(answer) ? "OK shown" : status;
    };
    const got: Record<string, string> = {};
    const wanted: Record<string, string> = {};
    const isOpen = row.roles === "anyone";
    got["no key"] = await outcomeOf({});
    got["an unknown key"] = await outcomeOf({ authorization: `Bearer ${UNKNOWN}` });
    for (const who of ["no key", "an unknown key"]) wanted[who] = isOpen ? row.own : "UNAUTHENTICATED";
    for (const { workspace, role, key } of KEYS) {
      const mayDo = row.roles === "anyone" || row.roles.includes(role);
      const name = `${workspace} ${role}`;
      got[name] = await outcomeOf({ "x-twinspan-key": key });
      if (workspace === "home") wanted[name] = mayDo ? row.own : "PERMISSION_DENIED";
      else wanted[name] = mayDo ? row.foreign : (row.foreignDenied ?? "PERMISSION_DENIED");
    }
    expect(got).toEqual(wanted);
  });
});

describe("every route, by every role, of its own workspace and of another", () => {
  test("there is a row for every route, and for no other", () => {
    expect(Object.keys(ROUTE_ROWS).toSorted()).toEqual(Object.keys(ROUTE_NEEDS).toSorted());
  });

  test.each(Object.entries(ROUTE_ROWS))("%s", async (route, row) => {
    const outcomeOf = async (headers: Readonly<Record<string, string>>) => {
      const [method = ""] = route.split(" ");
      const { url, body, type = "application/json" } = row.request(home);
      const response = await fetch(`${services.ingress.url}${url}`, {
        method,
        headers: { ...(body !== undefined && { "content-type": type }), ...headers },
        ...(body !== undefined && { body }),
      });
      const answer = Buffer.from(await response.arrayBuffer());
      if (row.own === "page" && [200, 503].includes(response.status)) return "page";
      return response.ok && shows(answer) ? `${response.status} shown` : String(response.status);
    };
    const got: Record<string, string> = {};
    const wanted: Record<string, string> = {};
    const isOpen = row.roles === "anyone";
    got["no key"] = await outcomeOf({});
    got["an unknown key"] = await outcomeOf({ authorization: `Bearer ${UNKNOWN}` });
    for (const who of ["no key", "an unknown key"]) wanted[who] = isOpen ? row.own : "401";
    for (const { workspace, role, key } of KEYS) {
      const mayDo = row.roles === "anyone" || row.roles.includes(role);
      const name = `${workspace} ${role}`;
      got[name] = await outcomeOf({ authorization: `Bearer ${key}` });
      if (workspace === "home") wanted[name] = mayDo ? row.own : "403";
      else wanted[name] = mayDo ? row.foreign : (row.foreignDenied ?? "403");
    }
    expect(got).toEqual(wanted);
  });
});
