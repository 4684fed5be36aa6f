import { ServiceError } from "#lib/service-error.ts";

/** The fields of OpenAI's request, and what a typed request calls them. */
const FIELDS: readonly (readonly [openAi: RegExp, typed: string])[] = [
  [/^model$/, "endpoint"],
  [/^input\b/, "texts"],
  [/^response_format\b.*/, "prompt.output_format"],
  [/^reasoning_effort$/, "prompt.reasoning.effort"],
  [/^max_completion_tokens$/, "prompt.sampling.max_output_tokens"],
  [/^(temperature|top_p|seed|frequency_penalty|presence_penalty|stop)\b/, "prompt.sampling.$1"],
  [/^(messages|tools|tool_choice)\b/, "prompt.$1"],
];

/** A failure as the caller of a typed request reads it: the field at fault is named as the caller names it. */
export function promptErrorOf(error: ServiceError): ServiceError {
  const { kind, message, metadata, field, retryAfterMs, cause } = error;
  const [pattern, typed] = FIELDS.find(([openAi]) => field !== undefined && openAi.test(field)) ?? [];
  if (field === undefined || pattern === undefined || typed === undefined) return error;
  const named = field.replace(pattern, typed);
  return new ServiceError(kind, message.replaceAll(`\`${field}\``, `\`${named}\``), {
    cause,
    metadata,
    field: named,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
