import { type SettingNode, settingNode } from "./setting-node.ts";

const LEAST = ["minimum", "exclusiveMinimum", "minLength", "minItems"] as const;
const MOST = ["maximum", "exclusiveMaximum", "maxLength", "maxItems"] as const;

/**
 * What a configuration could say by one JSON Schema and can no longer by another, each in a line that begins with the
 * setting. A configuration that the older one takes is taken by the newer one as long as there is none. A pattern that
 * has changed is told too, since nobody can say by rule what that does.
 */
export function settingsLost(older: unknown, newer: unknown): readonly string[] {
  return lostOf("", settingNode.parse(older), settingNode.parse(newer));
}

function lostOf(path: string, older: SettingNode, newer: SettingNode): readonly string[] {
  if (older.anyOf !== undefined) return older.anyOf.flatMap((way) => lostOf(path, way, newer));
  if (newer.anyOf !== undefined) return fewest(newer.anyOf.map((way) => lostOf(path, older, way)));
  const at = path === "" ? "the whole" : path;
  if (newer.type !== undefined && newer.type !== older.type) return [`${at}: is ${newer.type}, and was ${older.type}`];
  return [
    ...boundsLost(at, older, newer),
    ...wordsLost(at, older, newer),
    ...(older.pattern === newer.pattern || newer.pattern === undefined ? [] : [`${at}: its pattern has changed`]),
    ...membersLost(path, older, newer),
    ...(older.items === undefined || newer.items === undefined ? [] : lostOf(`${path}[]`, older.items, newer.items)),
  ];
}

function boundsLost(at: string, older: SettingNode, newer: SettingNode): readonly string[] {
  const least = LEAST.filter(
    (bound) => (newer[bound] ?? Number.NEGATIVE_INFINITY) > (older[bound] ?? Number.NEGATIVE_INFINITY),
  );
  const most = MOST.filter(
    (bound) => (newer[bound] ?? Number.POSITIVE_INFINITY) < (older[bound] ?? Number.POSITIVE_INFINITY),
  );
  return [...least, ...most].map((bound) => `${at}: ${bound} is ${newer[bound]}, and was ${older[bound] ?? "none"}`);
}

function wordsLost(at: string, older: SettingNode, newer: SettingNode): readonly string[] {
  const taken = wordsOf(newer);
  if (taken === undefined) return [];
  const lost = (wordsOf(older) ?? []).filter((word) => !taken.includes(word));
  if (wordsOf(older) === undefined) return [`${at}: may only be ${taken.join(", ")}, and could be anything`];
  return lost.map((word) => `${at}: ${word} is gone`);
}

/** The closed list that a setting is one of. Undefined: it is not. */
function wordsOf(node: SettingNode): readonly unknown[] | undefined {
  return node.enum ?? (node.const === undefined ? undefined : [node.const]);
}

function membersLost(path: string, older: SettingNode, newer: SettingNode): readonly string[] {
  const below = (name: string) => (path === "" ? name : `${path}.${name}`);
  const others = typeof newer.additionalProperties === "object" ? newer.additionalProperties : undefined;
  const named = Object.entries(older.properties ?? {}).flatMap(([name, node]) => {
    const now = newer.properties?.[name] ?? others;
    if (now !== undefined) return lostOf(below(name), node, now);
    return newer.additionalProperties === false ? [`${below(name)}: is gone`] : [];
  });
  const any = typeof older.additionalProperties === "object" ? older.additionalProperties : undefined;
  const missing = (newer.required ?? []).filter((name) => !(older.required ?? []).includes(name));
  return [
    ...named,
    ...(any === undefined || others === undefined ? [] : lostOf(below("*"), any, others)),
    ...missing.map((name) => `${below(name)}: must be there now`),
  ];
}

function fewest(lists: readonly (readonly string[])[]): readonly string[] {
  return lists.toSorted((a, b) => a.length - b.length)[0] ?? [];
}
