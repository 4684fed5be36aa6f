import { z } from "zod";
import type { CrossFault } from "./cross-fault.ts";

const names = z.array(z.string().catch("")).catch([]);
const destination = z.object({ url: z.string().catch(""), protocol: z.string().catch("http/protobuf") });

/** What the checks look at, whatever else is wrong: a part that cannot be read is as if it were not there. */
const readable = z.object({
  traceWriter: z
    .object({
      destinations: z.record(z.string(), destination.catch(destination.parse({}))).catch({}),
      mirrors: z.object({ forwardTo: names }).catch({ forwardTo: [] }),
      experiments: z
        .array(z.object({ name: z.string().optional().catch(undefined), forwardTo: names }).catch({ forwardTo: [] }))
        .catch([]),
    })
    .catch({ destinations: {}, mirrors: { forwardTo: [] }, experiments: [] }),
});

/** What is wrong between destinations and those who name them. */
export function* forwardingFaultsOf(plain: unknown): Generator<CrossFault> {
  const config = readable.safeParse(plain);
  if (!config.success) return;
  const { destinations, mirrors, experiments } = config.data.traceWriter;
  const have = Object.keys(destinations);
  for (const [name, { url, protocol }] of Object.entries(destinations)) {
    const path = ["traceWriter", "destinations", name, "url"];
    const { pathname, search, username } = partsOf(url);
    if (username !== "") yield { path, message: "must hold no user and password. Give an authorization header." };
    if (protocol === "grpc" && (pathname !== "/" || search !== "")) {
      yield { path, message: "must have no path with protocol grpc: http://collector:4317" };
    }
  }
  const lists: readonly (readonly [readonly (string | number)[], readonly string[]])[] = [
    [["mirrors"], mirrors.forwardTo],
    ...experiments.map(({ forwardTo }, index) => [["experiments", index], forwardTo] as const),
  ];
  for (const [place, named] of lists) {
    for (const [index, name] of named.entries()) {
      const path = ["traceWriter", ...place, "forwardTo", index];
      if (named.indexOf(name) < index) yield { path, message: `"${name}" is there twice. Keep one.` };
      if (have.includes(name)) continue;
      const message = `no destination "${name}" under traceWriter.destinations (have: ${have.join(", ") || "none"}). Add it, or fix the name.`;
      yield { path, message };
    }
  }
  const seen = new Set<string>();
  for (const [index, { name }] of experiments.entries()) {
    if (name === undefined) continue;
    const path = ["traceWriter", "experiments", index, "name"];
    if (seen.has(name)) yield { path, message: `"${name}" is there twice. Keep one.` };
    seen.add(name);
  }
}

/** The parts of an address; of what is none, those of one without fault. */
function partsOf(url: string): Pick<URL, "pathname" | "search" | "username"> {
  return URL.canParse(url) ? new URL(url) : { pathname: "/", search: "", username: "" };
}
