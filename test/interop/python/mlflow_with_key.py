"""An agent with a key of twinspan's, in a workspace of its own, that names no experiment: MLflow's client calls it 0.

Usage: MLFLOW_TRACKING_TOKEN=twinspan_… mlflow_with_key.py BASE_URL
"""

import os
import sys
import time

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.tracing import get_tracing_context_headers_for_http_request
from openai import OpenAI

base_url = sys.argv[1]
key = os.environ["MLFLOW_TRACKING_TOKEN"]
mlflow.set_tracking_uri(base_url)
model = OpenAI(base_url=f"{base_url}/v1", api_key=key)

# Nothing was written yet.
assert mlflow.get_experiment("0").name == "Default"
assert mlflow.search_traces(locations=["0"], return_type="list") == []


@mlflow.trace(name="answer")
def answer(question: str) -> str:
    chat = model.chat.completions.create(
        model="echo-1",
        messages=[{"role": "user", "content": question}],
        extra_headers=get_tracing_context_headers_for_http_request(),
    )
    return chat.choices[0].message.content


assert answer("what is a key") == "what is a key"
mlflow.flush_trace_async_logging()
trace_id = mlflow.get_last_active_trace_id()

# The mirror comes by another way than the agent's spans, and may come after them.
deadline = time.monotonic() + 20
while len(mlflow.get_trace(trace_id).data.spans) < 3 and time.monotonic() < deadline:
    time.sleep(0.05)
assert {"answer", "gateway/echo-1"} <= {span.name for span in mlflow.get_trace(trace_id).data.spans}

[found] = mlflow.search_traces(locations=["0"], return_type="list")
assert found.info.trace_id == trace_id
default = mlflow.get_experiment("0")
assert default.name == "Default" and default.experiment_id == found.info.experiment_id
assert mlflow.set_experiment(experiment_id="0").experiment_id == default.experiment_id
mlflow.set_trace_tag(trace_id, "stage", "final")
assert mlflow.get_trace(trace_id).info.tags["stage"] == "final"

# Renaming experiments takes the role admin, which this key has not.
try:
    mlflow.MlflowClient().rename_experiment("0", "mine")
    raise AssertionError("a key without the role admin has renamed an experiment")
except MlflowException as error:
    assert error.error_code == "PERMISSION_DENIED", error

os.environ["MLFLOW_TRACKING_TOKEN"] = f"{key[:-1]}_"
try:
    mlflow.get_experiment("0")
    raise AssertionError("a wrong key was let in")
except MlflowException as error:
    assert "401" in str(error) or error.error_code == "UNAUTHENTICATED", error
print("done")
