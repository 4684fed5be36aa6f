/** Where to look, for programs and for those who read without a browser. */
export const WELCOME = `twinspan: one gateway call, twin traces. An endpoint's name is the model; docs/http-api.md has every path.

base URL of the SDK         what is there
/v1                         OpenAI: chat/completions, responses, embeddings, models
/anthropic                  Anthropic: v1/messages, v1/messages/count_tokens, v1/models
/gemini                     Gemini: v1beta/models/{endpoint}:generateContent, :streamGenerateContent, …
/gateway/mlflow/v1          MLflow: chat/completions; also POST /gateway/{endpoint}/mlflow/invocations
/gateway/proxy/{endpoint}   whatever its provider speaks, as it is

/                           MLflow's tracking server, for traces: mlflow.set_tracking_uri

POST /v1/traces             OTLP, for an agent's own spans
GET  /api/3.0/mlflow/traces/get?trace_id=tr-…
POST /api/3.0/mlflow/traces/search
POST /twinspan.trace.v1.TraceReaderService/…   what the console reads
GET  /healthz  /readyz  /metrics
`;
