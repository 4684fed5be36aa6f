import fc from "fast-check";

/** Comparisons of every kind, some that samples pass and some that none does. */
export const termText: fc.Arbitrary<string> = fc.constantFrom(
  "status = 'ERROR'",
  "status != 'OK'",
  "duration > 1",
  "duration != 5",
  "timestamp_ms >= 1780000000002",
  "end_time < 1780000000006",
  "name = 'failing'",
  "name LIKE '%i%'",
  "endpoint = 'demo'",
  "endpoint != 'demo'",
  "model = 'echo-1'",
  "model NOT LIKE 'e%'",
  "provider = 'scripted'",
  "caller IS NULL",
  "session = 's1'",
  "session IN ('s2', 's3')",
  "user IS NOT NULL",
  "metadata.x = 'none'",
  "metadata.mlflow.gateway.endpointId = 'demo'",
  "tags.mlflow.traceName ILIKE 'FAIL%'",
  "span.name = 'inner'",
  "span.attributes.weight <= 2.5",
  "text LIKE '%canary%'",
);

/** Terms joined and negated in any way, with parentheses that are needed and some that are not. */
export function filterText(term: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.letrec<{ filter: string }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      term,
      fc
        .tuple(fc.array(tie("filter"), { minLength: 2, maxLength: 3 }), fc.constantFrom(" AND ", " OR ", " and "))
        .map(([parts, joint]) => `(${parts.join(joint)})`),
      tie("filter").map((part) => `NOT ${part}`),
      fc.tuple(term, tie("filter"), fc.constantFrom("AND", "OR")).map(([a, b, joint]) => `${a}\n${joint} ${b}`),
    ),
  })).filter;
}
