"""Calls the gateway with Google's gRPC library, knowing nothing but what server reflection and health say.

Usage: call_over_grpc.py GATEWAY
"""

import sys

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

channel = grpc.insecure_channel(sys.argv[1])
health = health_pb2_grpc.HealthStub(channel).Check(
    health_pb2.HealthCheckRequest(service="twinspan.gateway.v1.GatewayService"), timeout=10
)
assert health.status == health_pb2.HealthCheckResponse.SERVING

services = ProtoReflectionDescriptorDatabase(channel)
assert "twinspan.gateway.v1.GatewayService" in services.get_services()
service = DescriptorPool(services).FindServiceByName("twinspan.gateway.v1.GatewayService")


def method(name):
    found = service.methods_by_name[name]
    request, answer = GetMessageClass(found.input_type), GetMessageClass(found.output_type)
    start = channel.unary_stream if found.server_streaming else channel.unary_unary
    return request, start(
        f"/{service.full_name}/{name}",
        request_serializer=request.SerializeToString,
        response_deserializer=answer.FromString,
    )


parent = [("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
request, invoke = method("Invoke")
body = b'{"model":"echo-1","messages":[{"role":"user","content":"from C"}]}'
answer, call = invoke.with_call(request(invocation={"dialect": 1, "body": body}), metadata=parent, timeout=10)
assert answer.head.status == 200 and b"from C" in answer.body
named = [dict(metadata)["x-twinspan-trace-id"] for metadata in (call.initial_metadata(), call.trailing_metadata())]
assert named == [answer.summary.trace_id, answer.summary.trace_id], named

request, invoke_stream = method("InvokeStream")
body = b'{"model":"echo-1","stream":true,"messages":[{"role":"user","content":"in pieces"}]}'
pieces = list(invoke_stream(request(invocation={"dialect": 1, "body": body}), metadata=parent, timeout=10))
assert b"".join(piece.chunk for piece in pieces).endswith(b"data: [DONE]\n\n")
assert pieces[-1].summary.usage.total_tokens == 4

try:
    invoke(request(invocation={"dialect": 1, "body": b'{"model":"nobody"}'}), timeout=10)
    raise AssertionError("an unknown endpoint answered")
except grpc.RpcError as error:
    assert error.code() == grpc.StatusCode.NOT_FOUND, error
print(answer.summary.trace_id)
