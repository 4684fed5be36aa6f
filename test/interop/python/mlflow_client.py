"""An agent that keeps its traces in twinspan by MLflow's client alone: writes, reads, tags and deletes them.

Usage: mlflow_client.py BASE_URL
"""

import sys
import time
import uuid

import mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException
from mlflow.tracing import (
    get_tracing_context_headers_for_http_request,
    set_tracing_context_from_http_request_headers,
)
from openai import OpenAI

base_url = sys.argv[1]
name = f"mlflow agent {uuid.uuid4()}"
mlflow.set_tracking_uri(base_url)
experiment = mlflow.set_experiment(name)
assert mlflow.set_experiment(name).experiment_id == experiment.experiment_id
assert experiment.lifecycle_stage == "active"
client = MlflowClient()
model = OpenAI(base_url=f"{base_url}/v1", api_key="any")


@mlflow.trace(name="answer", span_type="AGENT")
def answer(question: str) -> str:
    mlflow.update_current_trace(
        tags={"stage": "draft", "kept": "yes"},
        metadata={"mlflow.trace.session": "a session"},
        client_request_id="request-7",
    )
    chat = model.chat.completions.create(
        model="echo-1",
        messages=[{"role": "user", "content": question}],
        extra_headers=get_tracing_context_headers_for_http_request(),
    )
    # What another service does that is called with the same headers.
    with set_tracing_context_from_http_request_headers(get_tracing_context_headers_for_http_request()):
        with mlflow.start_span(name="elsewhere"):
            pass
    return chat.choices[0].message.content


assert answer("what is a twin span") == "what is a twin span"
mlflow.flush_trace_async_logging()
trace_id = mlflow.get_last_active_trace_id()

# The mirror comes by another way than the agent's spans, and may come after them.
deadline = time.monotonic() + 20
while len(mlflow.get_trace(trace_id).data.spans) < 4 and time.monotonic() < deadline:
    time.sleep(0.05)

# The trace is the agent's, with its spans and the mirror inside.
trace = mlflow.get_trace(trace_id)
assert trace.info.experiment_id == experiment.experiment_id
assert trace.info.state == "OK"
assert trace.info.client_request_id == "request-7"
assert trace.info.request_preview == '{"question": "what is a twin span"}', trace.info.request_preview
assert trace.info.trace_metadata["mlflow.trace.session"] == "a session"
assert trace.info.tags["mlflow.traceName"] == "answer"
[root] = [span for span in trace.data.spans if span.parent_id is None]
assert (root.name, root.span_type) == ("answer", "AGENT")
assert root.inputs == {"question": "what is a twin span"} and root.outputs == "what is a twin span"
[mirror] = [span for span in trace.data.spans if span.name == "gateway/echo-1"]
[attempt] = [span for span in trace.data.spans if span.parent_id == mirror.span_id]
[elsewhere] = [span for span in trace.data.spans if span.name == "elsewhere"]
assert mirror.parent_id == root.span_id == elsewhere.parent_id
assert mirror.inputs is None and mirror.outputs is None
assert len(trace.data.spans) == 4
# Five words in, five words out, once.
assert trace.info.token_usage["total_tokens"] == 10, trace.info.token_usage

# The full trace is a trace of its own, and can be tagged.
full_id = mirror.get_attribute("mlflow.gateway.linkedTraceId")
full = mlflow.get_trace(full_id)
assert full.info.experiment_id != experiment.experiment_id
assert full.data.spans[0].inputs["messages"][0]["content"] == "what is a twin span"
mlflow.set_trace_tag(full_id, "reviewed", "yes")
assert mlflow.get_trace(full_id).info.tags["reviewed"] == "yes"

# Tags.
mlflow.set_trace_tag(trace_id, "stage", "final")
mlflow.set_trace_tag(trace_id, "size", 7)
mlflow.delete_trace_tag(trace_id, "kept")
tags = mlflow.get_trace(trace_id).info.tags
assert (tags["stage"], tags["size"]) == ("final", "7") and "kept" not in tags, tags

# Searches.
[found] = mlflow.search_traces(locations=[experiment.experiment_id], return_type="list")
assert found.info.trace_id == trace_id
assert [span.name for span in found.data.spans] == [span.name for span in trace.data.spans]
[bare] = mlflow.search_traces(locations=[experiment.experiment_id], return_type="list", include_spans=False)
assert bare.info.to_dict() == found.info.to_dict()
assert {name, "Default"} <= {one.name for one in mlflow.search_experiments()}
assert client.get_experiment_by_name("nobody made this") is None

# A trace that fails, and one that is known only by what is said of it.
@mlflow.trace
def fail():
    raise ValueError("as asked")


try:
    fail()
except ValueError:
    pass
mlflow.flush_trace_async_logging()
failed = mlflow.get_trace(mlflow.get_last_active_trace_id())
assert failed.info.state == "ERROR" and failed.data.spans[0].status.status_code == "ERROR"

# Experiments.
made = client.create_experiment(f"{name} 2")
client.rename_experiment(made, f"{name} renamed")
assert client.get_experiment(made).name == f"{name} renamed"
try:
    client.create_experiment(name)
    raise AssertionError("a name was given twice")
except MlflowException as error:
    assert error.error_code == "RESOURCE_ALREADY_EXISTS", error
assert made in [one.experiment_id for one in mlflow.search_experiments(filter_string="name LIKE '%renamed'")]
listed = client.search_experiments(view_type=ViewType.ACTIVE_ONLY)
assert made in [one.experiment_id for one in listed]

# Deletion.
assert client.delete_traces(experiment.experiment_id, trace_ids=[trace_id, full_id]) == 1
assert mlflow.get_trace(trace_id) is None
assert mlflow.get_trace(full_id) is not None
assert client.delete_traces(experiment.experiment_id, max_timestamp_millis=2**42) == 1
assert mlflow.search_traces(locations=[experiment.experiment_id], return_type="list") == []
try:
    mlflow.set_trace_tag(trace_id, "late", "yes")
    raise AssertionError("a deleted trace was tagged")
except MlflowException as error:
    assert error.error_code == "RESOURCE_DOES_NOT_EXIST", error
print("done")
