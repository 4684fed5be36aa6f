import { z } from "zod";
import { DEFAULT_WORKSPACE } from "../auth/identity.ts";
import type { CrossFault } from "./cross-fault.ts";

const names = z.array(z.string().catch("")).catch([]);
const destination = z.object({ url: z.string().catch(""), protocol: z.string().catch("http/protobuf") });

const experiment = z.object({
  name: z.string().optional().catch(undefined),
  workspace: z.string().catch(DEFAULT_WORKSPACE),
  forwardTo: names,
});
const holder = z.object({ mirrors: z.object({ forwardTo: names }).catch({ forwardTo: [] }) });
const holders = z.array(holder.catch({ mirrors: { forwardTo: [] } })).catch([]);
const auth = z.object({ keys: holders, certificates: holders });

/** What the checks look at, whatever else is wrong: a part that cannot be read is as if it were not there. */
const readable = z.object({
  auth: auth.catch({ keys: [], certificates: [] }),
  workspaces: holders,
  traceWriter: z
    .object({
      destinations: z.record(z.string(), destination.catch(destination.parse({}))).catch({}),
      mirrors: z.object({ forwardTo: names }).catch({ forwardTo: [] }),
      experiments: z.array(experiment.catch({ workspace: DEFAULT_WORKSPACE, forwardTo: [] })).catch([]),
    })
    .catch({ destinations: {}, mirrors: { forwardTo: [] }, experiments: [] }),
});

/** Names of destinations, and where they are written. */
type NamedList = readonly [readonly (string | number)[], readonly string[]];

/** What is wrong between destinations and those who name them. */
export function* forwardingFaultsOf(plain: unknown): Generator<CrossFault> {
  const config = readable.safeParse(plain);
  if (!config.success) return;
  const { auth: rights, workspaces, traceWriter } = config.data;
  const { destinations, mirrors, experiments } = traceWriter;
  const have = Object.keys(destinations);
  for (const [name, { url, protocol }] of Object.entries(destinations)) {
    const path = ["traceWriter", "destinations", name, "url"];
    const { pathname, search, username } = partsOf(url);
    if (username !== "") yield { path, message: "must hold no user and password. Give an authorization header." };
    if (protocol === "grpc" && (pathname !== "/" || search !== "")) {
      yield { path, message: "must have no path with protocol grpc: http://collector:4317" };
    }
  }
  const mirrorsOf = (place: readonly string[], named: z.output<typeof holders>): readonly NamedList[] =>
    named.map(({ mirrors: { forwardTo } }, index) => [[...place, index, "mirrors"], forwardTo]);
  const lists: readonly NamedList[] = [
    [["traceWriter", "mirrors"], mirrors.forwardTo],
    ...experiments.map(({ forwardTo }, index): NamedList => [["traceWriter", "experiments", index], forwardTo]),
    ...mirrorsOf(["workspaces"], workspaces),
    ...mirrorsOf(["auth", "keys"], rights.keys),
    ...mirrorsOf(["auth", "certificates"], rights.certificates),
  ];
  for (const [place, named] of lists) {
    for (const [index, name] of named.entries()) {
      const path = [...place, "forwardTo", index];
      if (named.indexOf(name) < index) yield { path, message: `"${name}" is there twice. Keep one.` };
      if (have.includes(name)) continue;
      const message = `no destination "${name}" under traceWriter.destinations (have: ${have.join(", ") || "none"}). Add it, or fix the name.`;
      yield { path, message };
    }
  }
  const seen = new Set<string>();
  for (const [index, { name, workspace }] of experiments.entries()) {
    if (name === undefined) continue;
    const path = ["traceWriter", "experiments", index, "name"];
    const key = `${workspace}\n${name}`;
    if (seen.has(key)) yield { path, message: `"${name}" is there twice. Keep one.` };
    seen.add(key);
  }
}

/** The parts of an address; of what is none, those of one without fault. */
function partsOf(url: string): Pick<URL, "pathname" | "search" | "username"> {
  return URL.canParse(url) ? new URL(url) : { pathname: "/", search: "", username: "" };
}
