import type { Config } from "#lib/config/schema.ts";

/** What to do next, as lines to paste into another terminal; where keys are on, they take the key from `$TWINSPAN_KEY`. */
export function nextStepsOf({ ingress, endpoints, auth }: Pick<Config, "ingress" | "endpoints" | "auth">): string {
  const url = `http://${ingress.listen}`;
  const isShut = typeof auth === "object";
  const headers = ["x-twinspan-experiment=my-agent", ...(isShut ? ["x-twinspan-key=$TWINSPAN_KEY"] : [])];
  return [
    `Look:   ${url}`,
    ...tryLinesOf(url, endpoints[0]?.name, isShut),
    `Yours:  export OPENAI_BASE_URL=${url}/v1 OPENAI_API_KEY=${isShut ? "$TWINSPAN_KEY" : "any"}`,
    `        export OTEL_EXPORTER_OTLP_ENDPOINT=${url} OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`,
    `        export OTEL_EXPORTER_OTLP_HEADERS=${headers.join(",")} OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none`,
    "Next:   bin/twinspan trace list · docs/guides · Ctrl-C stops everything",
  ].join("\n");
}

function tryLinesOf(url: string, endpoint: string | undefined, isShut: boolean): readonly string[] {
  if (endpoint === undefined) {
    return ["Try:    add an endpoint to the configuration, since it has none, and start again"];
  }
  return [
    `Try:    curl ${url}/v1/chat/completions -H 'content-type: application/json' \\`,
    ...(isShut ? ['          -H "x-twinspan-key: $TWINSPAN_KEY" \\'] : []),
    `          -d '{"model":"${endpoint}","messages":[{"role":"user","content":"hello"}]}'`,
  ];
}
