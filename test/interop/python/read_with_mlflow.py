"""Reads an agent's trace and the full traces behind it with MLflow's own client of its REST API.

Usage: read_with_mlflow.py BASE_URL TRACE_ID
"""

import sys

from mlflow.store.tracking.rest_store import RestStore
from mlflow.utils.rest_utils import MlflowHostCreds

base_url, trace_id = sys.argv[1:]
store = RestStore(lambda: MlflowHostCreds(base_url))

experiment = store.get_experiment_by_name("python-agent")
assert experiment is not None and experiment.name == "python-agent"
assert {"python-agent", "gateway/echo-1"} <= {found.name for found in store.search_experiments()}

infos, _ = store.search_traces(locations=[experiment.experiment_id])
info = next(info for info in infos if info.trace_id == trace_id)
assert info.state == "OK", info.state
# Three words and four words, in and out, each call once.
assert info.token_usage["total_tokens"] == 14, info.token_usage

agent = store.get_trace(trace_id)
[root] = [span for span in agent.data.spans if span.parent_id is None]
mirrors = [span for span in agent.data.spans if span.name == "gateway/echo-1"]
assert root.name == "answer a question"
assert [mirror.parent_id for mirror in mirrors] == [root.span_id, root.span_id]

for mirror in mirrors:
    assert mirror.inputs is None and mirror.outputs is None
    full = store.get_trace(mirror.get_attribute("mlflow.gateway.linkedTraceId"))
    [gateway] = [span for span in full.data.spans if span.parent_id is None]
    assert gateway.inputs["messages"][0]["content"] == gateway.outputs["choices"][0]["message"]["content"]
    assert (gateway.start_time_ns, gateway.end_time_ns) == (mirror.start_time_ns, mirror.end_time_ns)
    assert [(link.trace_id, link.span_id) for link in gateway.links] == [(trace_id, mirror.span_id)]
    [attempt] = [span for span in full.data.spans if span.parent_id == gateway.span_id]
    assert attempt.get_attribute("mlflow.chat.tokenUsage") == mirror.get_attribute("mlflow.chat.tokenUsage")
print("read")
