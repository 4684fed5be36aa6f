"""An agent in Python: OpenAI's SDK, OpenTelemetry's SDK and its OTLP exporter. Prints its trace's id.

Usage: agent.py BASE_URL http|grpc COLLECTOR
"""

import sys

from openai import OpenAI
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.propagate import inject
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

base_url, protocol, collector = sys.argv[1:]
filed = {"x-twinspan-experiment": "python-agent"}
exporter = (
    HttpExporter(endpoint=f"{collector}/v1/traces", headers=filed)
    if protocol == "http"
    else GrpcExporter(endpoint=collector, headers=filed, insecure=True)
)
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(exporter))
client = OpenAI(base_url=f"{base_url}/v1", api_key="none")


def context() -> dict[str, str]:
    headers: dict[str, str] = {}
    inject(headers)
    return headers


with provider.get_tracer("agent").start_as_current_span("answer a question") as span:
    whole = client.chat.completions.create(
        model="echo-1",
        messages=[{"role": "user", "content": "a whole answer"}],
        extra_headers=context(),
    )
    assert whole.choices[0].message.content == "a whole answer"
    stream = client.chat.completions.create(
        model="echo-1",
        messages=[{"role": "user", "content": "an answer in pieces"}],
        stream=True,
        extra_headers=context(),
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "an answer in pieces"
    print(f"tr-{span.get_span_context().trace_id:032x}")
provider.shutdown()
