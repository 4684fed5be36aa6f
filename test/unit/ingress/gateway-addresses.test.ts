import { expect, test } from "vitest";
import { gatewayAddressesOf } from "../../../services/ingress/exchange/gateway-addresses.ts";

test.each([
  ["dns:///127.0.0.1:7001", ["ipv4:127.0.0.1:7001"], "127.0.0.1:7001", false],
  ["127.0.0.1:7001", ["ipv4:127.0.0.1:7001"], "127.0.0.1:7001", false],
  ["dns://8.8.8.8/127.0.0.1:7001", ["ipv4:127.0.0.1:7001"], "127.0.0.1:7001", false],
  ["dns:[::1]:7001", ["ipv6:[::1]:7001"], "[::1]:7001", false],
  ["127.0.0.1", ["ipv4:127.0.0.1:443"], "127.0.0.1", false],
  ["ipv4:10.0.0.1:7001,10.0.0.2:7001", ["ipv4:10.0.0.1:7001", "ipv4:10.0.0.2:7001"], undefined, false],
  ["ipv6:[::1]:1,[::2]:2", ["ipv6:[::1]:1", "ipv6:[::2]:2"], undefined, false],
  ["unix:/run/gateway.sock", ["unix:/run/gateway.sock"], undefined, false],
])("the copies of %s are %j", async (target, addresses, authority, mayChange) => {
  const read = gatewayAddressesOf(target);
  expect([await read.lookUp(), read.authority, read.mayChange]).toEqual([addresses, authority, mayChange]);
});

test("a name is looked up each time, and may have other addresses then", async () => {
  const read = gatewayAddressesOf("dns:///localhost:7001");
  expect(read.mayChange).toBe(true);
  const found = await read.lookUp();
  expect(found.some((address) => ["ipv4:127.0.0.1:7001", "ipv6:[::1]:7001"].includes(address))).toBe(true);
});
