import { ServiceError } from "#lib/service-error.ts";

/** Why a field cannot be translated that is of its format alone. */
export const NO_WORD = "other providers have no word for it";

/**
 * The failure of a request that has something for which the model's provider has no word. `field` is the request's own
 * name for it; `why` ends the sentence "cannot be translated: …".
 */
export function untranslatable(field: string, why: string): ServiceError {
  const message = `\`${field}\` cannot be translated for the model behind this endpoint: ${why}. Leave it out, or use an endpoint whose provider speaks this format.`;
  return new ServiceError("untranslatable", message, { field });
}

/** The failure of a request to a provider that has no models of the sort: `sort` is what they make, such as "embeddings". */
export function hasNoModels(provider: string, sort: string): ServiceError {
  const message = `The provider ${provider} has no ${sort}. Use an endpoint whose provider has.`;
  return new ServiceError("untranslatable", message, { field: "model" });
}

/** The failure of an answer that has something for which the caller's format has no word: `what` names it, with its article. */
export function untranslatableAnswer(what: string): ServiceError {
  const message = `The model answered with ${what}, for which the format of the request has no word. Use an endpoint whose provider speaks this format.`;
  return new ServiceError("untranslatable", message);
}
