import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Role } from "#lib/auth/role.ts";
import { fieldOf } from "#lib/traces/json-fields.ts";
import { failureOf } from "../api/call.ts";

/** Who is signed in, as the ingress says it. Nobody: keys are off, and there is nothing to sign in to. */
export interface Person {
  readonly isNobody: boolean;
  readonly name: string;
  readonly workspace: string;
  readonly roles: readonly string[];
  /** The endpoints that they may call, of those that are theirs to see. Undefined: all of them. */
  readonly endpoints: readonly string[] | undefined;
}

const KEY = ["who am I"];
const DEADLINE_MS = 15_000;

/** Who is signed in. An error of kind `unauthenticated`: nobody is, and somebody must be. */
export function usePerson() {
  return useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }) => personOf(await ask("GET", "/who-am-i", undefined, signal)),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Whether who is signed in has a role, as far as is known yet. The server decides: this is to say beforehand what it would. */
export function useMay(role: Role): boolean {
  const { data: person } = usePerson();
  return person === undefined || person.isNobody || person.roles.includes(role);
}

/** Why who is signed in may not do what a role is for, in a sentence. Undefined: they may. */
export function useRefusal(role: Role): string | undefined {
  return useMay(role) ? undefined : `This takes the role ${role}, which your key does not have.`;
}

/** The same of calling an endpoint. */
export function useInvokeRefusal(endpoint: string): string | undefined {
  const { data: person } = usePerson();
  const isOther = person?.endpoints !== undefined && !person.endpoints.includes(endpoint);
  return useRefusal("invoke") ?? (isOther ? "Your key may call other endpoints, not this one." : undefined);
}

/** Signs in with a key, which the browser then keeps where no script sees it, or out. What was read by another is forgotten. */
export function useSigning() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (key: string | undefined) =>
      key === undefined ? ask("POST", "/sign-out", {}) : ask("POST", "/sign-in", { key }),
    onSuccess: () => queries.resetQueries(),
  });
}

function personOf(told: unknown): Person {
  const text = (name: string) => String(fieldOf(told, name) ?? "");
  const texts = (name: string) => {
    const found = fieldOf(told, name);
    return Array.isArray(found) ? found.map(String) : undefined;
  };
  return {
    isNobody: text("kind") === "nobody",
    name: text("name"),
    workspace: text("workspace"),
    roles: texts("roles") ?? [],
    endpoints: texts("endpoints"),
  };
}

async function ask(method: string, path: string, body?: object, signal?: AbortSignal): Promise<unknown> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const answer = await fetch(path, {
    method,
    signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
    cache: "no-store",
    ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  if (!answer.ok) throw await failureOf(answer);
  const told: unknown = await answer.json();
  return told;
}
