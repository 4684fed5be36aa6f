import { calcPrice, type Provider } from "@pydantic/genai-prices";

/** So many names of models are kept, none that is longer: providers say which model answered. */
const KNOWN_MAX = 256;
const KNOWN_NAME_MAX = 128;
/** A match that is of every name. */
const ANY_NAME = { contains: "" };

/** A provider of the price list with one model, which goes by any name. Undefined: the list does not have that model. */
export type ListedModelOf = (name: string) => Provider | undefined;

/**
 * Finds the models of a provider of the price list. The list goes through its patterns for each price it is asked for;
 * here a name is looked for once. What a model costs at a time stays the list's to say.
 */
export function createListedModels(providerId: string): ListedModelOf {
  const known = new Map<string, Provider | undefined>();
  return (name) => {
    if (known.has(name)) return known.get(name);
    const found = calcPrice({}, name, { providerId });
    const listed = found === null ? undefined : { ...found.provider, models: [{ ...found.model, match: ANY_NAME }] };
    if (name.length > KNOWN_NAME_MAX) return listed;
    if (known.size === KNOWN_MAX) known.clear();
    known.set(name, listed);
    return listed;
  };
}
