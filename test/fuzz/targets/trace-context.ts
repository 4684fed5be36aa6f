import assert from "node:assert/strict";
import fc from "fast-check";
import { formatBaggage, parseBaggage } from "#lib/trace-context/baggage.ts";
import { formatTraceParent, parseTraceParent } from "#lib/trace-context/traceparent.ts";
import { parseTraceState } from "#lib/trace-context/tracestate.ts";
import type { FuzzTarget } from "../fuzz-target.ts";
import { mutated } from "../mutations.ts";

const IDS = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";
const members = fc.array(fc.tuple(fc.stringMatching(/^[a-z0-9@*/_-]{1,12}$/), fc.string({ maxLength: 30 })), {
  maxLength: 40,
});
const listed = members.map((pairs) => Buffer.from(pairs.map(([key, value]) => `${key}=${value}`).join(",")));

/** The headers that carry the caller's context. Header values are Latin-1: each byte is a character. */
export const TRACE_CONTEXT: readonly FuzzTarget[] = [
  {
    name: "traceparent",
    inputs: mutated([`00-${IDS}-01`, `cc-${IDS}-03-what-is-new`, ` 00-${IDS}-00\t`], ["ff-", "-", " ", "00000000"]),
    check(input) {
      const parsed = parseTraceParent(input.toString("latin1"));
      if (parsed !== undefined) assert.deepEqual(parseTraceParent(formatTraceParent(parsed)), parsed);
    },
  },
  {
    name: "tracestate",
    inputs: fc.oneof(
      mutated(["rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "a@b=c,,d=e ,f*/=g"], [",", "=", "@"]),
      listed,
    ),
    check(input) {
      const parsed = parseTraceState(input.toString("latin1"));
      if (parsed === undefined) return;
      assert.ok(parsed.length <= 2048);
      assert.equal(parseTraceState(parsed), parsed);
    },
  },
  {
    name: "baggage",
    inputs: fc.oneof(
      mutated(
        ["session.id=s%201,user.id=u;property=1,other=x", "user.id = %E2%82%AC "],
        ["session.id=", "user.id=", "%", ",", ";", "%ff"],
      ),
      listed,
    ),
    check(input) {
      const parsed = parseBaggage(input.toString("latin1"));
      for (const [name, value] of parsed) {
        assert.ok(["session.id", "user.id"].includes(name));
        assert.ok(value.length <= 250);
      }
      assert.deepEqual(trimmed(parseBaggage(formatBaggage(parsed))), trimmed(parsed));
    },
  },
];

function trimmed(members: ReadonlyMap<string, string>) {
  return [...members].sort();
}
