import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { CrossFault } from "./cross-fault.ts";
import { isLoopback } from "./loopback.ts";

const text = z.string().optional().catch(undefined);
const listen = z.looseObject({ listen: text }).catch({ listen: undefined });
const held = z.looseObject({ name: text, hash: text, workspace: text }).catch({ name: undefined });
const heldBy = z.array(held).catch([]);
const names = z.array(text).catch([]);
const auth = z.object({
  keys: heldBy,
  certificates: heldBy,
  jwt: z.object({ workspace: text }).optional().catch(undefined),
});

/** What the checks look at, whatever else is wrong: a part that cannot be read is as if it were not there. */
const readable = z.object({
  auth: auth.or(z.literal("none")).optional().catch(undefined),
  workspaces: z.array(z.object({ name: text }).catch({ name: undefined })).catch([]),
  endpoints: z
    .array(z.object({ workspace: text, sharedWith: names }).catch({ workspace: undefined, sharedWith: [] }))
    .catch([]),
  ingress: listen,
  gateway: listen,
  traceWriter: z
    .looseObject({ listen: text, experiments: z.array(z.object({ workspace: text }).catch({})).catch([]) })
    .catch({ listen: undefined, experiments: [] }),
});

type Readable = z.output<typeof readable>;

/** What is wrong between keys, workspaces, and what names them; and services that anyone could call. */
export function* authFaultsOf(plain: unknown): Generator<CrossFault> {
  const config = readable.safeParse(plain ?? {});
  if (!config.success) return;
  yield* workspaceFaultsOf(config.data);
  yield* openListenersOf(plain, config.data);
  if (typeof config.data.auth !== "object") return;
  const { keys, jwt, certificates } = config.data.auth;
  if (keys.length + certificates.length === 0 && jwt === undefined) {
    yield { path: ["auth"], message: "lets nobody in. Give keys (`twinspan key new` makes one), jwt or certificates." };
  }
  yield* keyFaultsOf(keys);
}

function* workspaceFaultsOf({ workspaces, auth: rights, endpoints, traceWriter }: Readable): Generator<CrossFault> {
  const known = new Set<string | undefined>(["default", undefined]);
  for (const [index, { name }] of workspaces.entries()) {
    const path = ["workspaces", index, "name"];
    if (name === "default") yield { path, message: '"default" is always there. Remove it here.' };
    else if (name !== undefined && known.has(name)) yield { path, message: `"${name}" is there twice. Rename one.` };
    known.add(name);
  }
  const have = [...known].filter((name) => name !== undefined).join(", ");
  const { keys = [], certificates = [], jwt = undefined } = typeof rights === "object" ? rights : {};
  const named: readonly (readonly [readonly (string | number)[], string | undefined])[] = [
    ...keys.map(({ workspace }, at) => [["auth", "keys", at, "workspace"], workspace] as const),
    ...certificates.map(({ workspace }, at) => [["auth", "certificates", at, "workspace"], workspace] as const),
    [["auth", "jwt", "workspace"], jwt?.workspace],
    ...endpoints.map(({ workspace }, at) => [["endpoints", at, "workspace"], workspace] as const),
    ...endpoints.flatMap(({ sharedWith }, at) =>
      sharedWith.map((name, place) => [["endpoints", at, "sharedWith", place], name] as const),
    ),
    ...traceWriter.experiments.map(
      ({ workspace }, at) => [["traceWriter", "experiments", at, "workspace"], workspace] as const,
    ),
  ];
  for (const [path, name] of named) {
    if (known.has(name)) continue;
    yield { path, message: `no workspace "${name}" under workspaces (have: ${have}). Add it, or fix the name.` };
  }
}

/** Two keys of one name are one caller whose key is replaced: what each may do must be the same. */
function* keyFaultsOf(keys: z.output<typeof heldBy>): Generator<CrossFault> {
  const byName = new Map<string, object>();
  const hashes = new Set<string>();
  for (const [index, { hash, expires: _expires, ...rights }] of keys.entries()) {
    const { name } = rights;
    if (hash !== undefined && hashes.has(hash)) {
      yield { path: ["auth", "keys", index, "hash"], message: "is another key's already. Remove one of the two." };
    }
    if (hash !== undefined) hashes.add(hash);
    if (name === undefined) continue;
    const first = byName.get(name) ?? rights;
    byName.set(name, first);
    if (isDeepStrictEqual(first, rights)) continue;
    const message = `"${name}" is there with other rights. Two keys of one name are one caller: give both the same, or rename one.`;
    yield { path: ["auth", "keys", index, "name"], message };
  }
}

/** Where keys are off because nobody spoke of them, services must be out of others' reach. */
function* openListenersOf(plain: unknown, { ingress, gateway, traceWriter }: Readable): Generator<CrossFault> {
  if (typeof plain === "object" && plain !== null && "auth" in plain) return;
  for (const [service, { listen: address }] of Object.entries({ ingress, gateway, traceWriter })) {
    if (address === undefined || address.includes("${") || isLoopback(address)) continue;
    yield {
      path: [service, "listen"],
      message:
        "is no loopback address, and there is no `auth`: anyone who reaches it could do anything. Add keys (`twinspan key new` makes one), or write `auth: none`.",
    };
  }
}
