import { readFileSync } from "node:fs";
import { Client, type ClientDuplexStream, makeGenericClientConstructor } from "@grpc/grpc-js";
import { loadFileDescriptorSetFromBuffer } from "@grpc/proto-loader";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkHealth } from "#lib/rpc/check-health.ts";
import { channelCredentials } from "#lib/rpc/client.ts";
import {
  ServerReflectionService as ReflectionV1,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from "#proto/grpc/reflection/v1/reflection.ts";
import { ServerReflectionService as ReflectionV1Alpha } from "#proto/grpc/reflection/v1alpha/reflection.ts";
import { EndpointServiceClient } from "#proto/twinspan/gateway/v1/endpoint_service.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";

let run: GatewayRun;

beforeAll(async () => {
  run = await startGatewayRun({ endpoints: { zebra: {}, ant: { provider: { apiKey: "${SOME_KEY}" } } } });
});
afterAll(() => run[Symbol.asyncDispose]());

const IMAGE = new URL("../../../gen/image.binpb", import.meta.url);

interface Reflection extends AsyncDisposable {
  ask(request: ServerReflectionRequest["messageRequest"]): Promise<ServerReflectionResponse["messageResponse"]>;
}

function reflect(service: typeof ReflectionV1 | typeof ReflectionV1Alpha): Reflection {
  const client = new Client(run.gateway.address, channelCredentials());
  const { path, requestSerialize, responseDeserialize } = service.serverReflectionInfo;
  const call: ClientDuplexStream<ServerReflectionRequest, ServerReflectionResponse> = client.makeBidiStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
  );
  return {
    ask(messageRequest) {
      const answer = Promise.withResolvers<ServerReflectionResponse["messageResponse"]>();
      call.once("data", (response: ServerReflectionResponse) => answer.resolve(response.messageResponse));
      call.removeAllListeners("error").once("error", answer.reject);
      call.write({ host: "", messageRequest });
      return answer.promise;
    },
    async [Symbol.asyncDispose]() {
      call.end();
      client.close();
    },
  };
}

test.each([
  ["v1", ReflectionV1],
  ["v1alpha", ReflectionV1Alpha],
])("reflection %s lists the services and knows every symbol and file of the contracts", async (_version, service) => {
  await using reflection = reflect(service);
  const listed = await reflection.ask({ $case: "listServices", value: "" });
  expect(listed).toMatchObject({
    $case: "listServicesResponse",
    value: {
      service: expect.arrayContaining([
        { name: "twinspan.gateway.v1.GatewayService" },
        { name: "twinspan.gateway.v1.EndpointService" },
      ]),
    },
  });
  for (const symbol of symbolsOf()) {
    const found = await reflection.ask({ $case: "fileContainingSymbol", value: symbol });
    if (found?.$case !== "fileDescriptorResponse") throw new Error(`${symbol} is not known`);
    expect(found.value.fileDescriptorProto.length).toBeGreaterThan(0);
  }
  const file = await reflection.ask({ $case: "fileByFilename", value: "twinspan/trace/v1/usage.proto" });
  expect(file).toMatchObject({ $case: "fileDescriptorResponse" });
  for (const value of ["", "no.such.Symbol", "twinspan"]) {
    const missing = await reflection.ask({ $case: "fileContainingSymbol", value });
    expect(missing).toMatchObject({ $case: "errorResponse", value: { errorCode: 5 } });
  }
});

/** The messages, enums and services of the image, as an independent reader finds them. */
function symbolsOf(): readonly string[] {
  const symbols = Object.keys(loadFileDescriptorSetFromBuffer(readFileSync(IMAGE)));
  expect(symbols).toEqual(
    expect.arrayContaining(["twinspan.gateway.v1.GatewayService", "twinspan.trace.v1.MirrorSpan"]),
  );
  expect(symbols.length).toBeGreaterThan(80);
  return [...symbols, "twinspan.gateway.v1.GatewayService.InvokeStream", "opentelemetry.proto.trace.v1.Span.SpanKind"];
}

test("endpoints are listed by name, with what they need", async () => {
  const client = new EndpointServiceClient(run.gateway.address, channelCredentials());
  const { promise, resolve, reject } = Promise.withResolvers<readonly object[]>();
  client.listEndpoints({ details: false }, (error, response) => (error ? reject(error) : resolve(response.endpoints)));
  expect(await promise).toMatchObject([
    { name: "ant", experiment: "gateway/ant", unavailableReason: "needs SOME_KEY" },
    { name: "zebra", unavailableReason: "", models: [{ provider: "scripted", model: "zebra-model" }] },
  ]);
  const missing = await new Promise<string>((done) => {
    client.getEndpoint({ name: "nobody", details: false }, (error) => done(error?.details ?? ""));
  });
  expect(missing).toContain("There is no endpoint of that name.");
  client.close();
});

test("health is told for the server, its services, and for tracing", async () => {
  const client = new (makeGenericClientConstructor({}, ""))(run.gateway.address, channelCredentials());
  for (const service of ["", "twinspan.gateway.v1.GatewayService", "twinspan.gateway.v1.EndpointService"]) {
    expect(await checkHealth(client, service, 2_000)).toBe("serving");
  }
  expect(await checkHealth(client, "no.such.Service", 2_000)).toBe("unknown");
  client.close();
  const ready = await fetch(`http://${run.gateway.opsAddress}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([200, { status: "ready", degraded: [] }]);
  expect((await fetch(`http://${run.gateway.opsAddress}/nothing`)).status).toBe(404);
});
