import { expect, test } from "vitest";
import { BUILT_IN_PATTERNS } from "#lib/config/sections/redaction.ts";
import { BUILT_IN } from "../../../services/gateway/core/payload/built-in-patterns.ts";
import { OutOfTime, withinTime } from "../../../services/gateway/recording/time-budget.ts";

/** What a built-in pattern finds in a text. */
function foundBy(name: string, text: string): readonly string[] {
  const pattern = BUILT_IN.find((one) => one.name === name);
  if (pattern === undefined) throw new Error(`no pattern ${name}`);
  return [...pattern.find(text)].map(({ start, end }) => text.slice(start, end));
}

test("the patterns that the configuration names are those there are", () => {
  expect(BUILT_IN.map(({ name }) => name)).toEqual([...BUILT_IN_PATTERNS]);
});

const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
const PEM = `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n${"MIIEow".repeat(40)}\n-----END RSA PRIVATE KEY-----`;

test.each([
  ["email", "john.doe+tag@mail.example.co.uk"],
  ["email", "jürgen@bücher.example"],
  ["email", "jose\u0301@example.com"],
  ["email", "用户@例子.公司"],
  ["email", "a@xn--bcher-kva.xn--p1ai"],
  ["credit-card", "4111111111111111"],
  ["credit-card", "4111 1111 1111 1111"],
  ["credit-card", "5500-0000-0000-0004"],
  ["credit-card", "3782 822463 10005"],
  ["credit-card", "6304\u00a00000\u00a00000\u00a00000"],
  ["iban", "DE89 3704 0044 0532 0130 00"],
  ["iban", "GB82WEST12345698765432"],
  ["iban", "no93 8601 1117 947"],
  ["us-ssn", "078-05-1120"],
  ["us-ssn", "078 05 1120"],
  ["phone", "+49 (0)30 901820"],
  ["phone", "+1-202-555-0143"],
  ["phone", "(202) 555-0143"],
  ["phone", "202.555.0143"],
  ["ip-address", "203.0.113.7"],
  ["ip-address", "2001:db8::8a2e:370:7334"],
  ["ip-address", "::1"],
  ["ip-address", "::ffff:203.0.113.7"],
  ["jwt", JWT],
  ["api-key", "sk-proj-abcDEF123456_7890-xyz"],
  ["api-key", "sk-ant-api03-abcdefghijklmnop"],
  ["api-key", `ghp_${"a1".repeat(18)}`],
  ["api-key", "AKIAIOSFODNN7EXAMPLE"],
  ["api-key", `AIza${"b".repeat(35)}`],
  ["api-key", "xoxb-123456789012-abcdef"],
  ["api-key", PEM],
])("%s finds %j, alone and among words", (name, secret) => {
  for (const text of [secret, `it is ${secret}, you know`, `"${secret}"`, `(${secret})`, `one\n${secret}\ntwo`]) {
    expect(foundBy(name, text), text).toEqual([secret]);
  }
  expect(foundBy(name, `${secret} and ${secret}`)).toEqual([secret, secret]);
});

test("a card number is found among other numbers, and an IBAN among other words", () => {
  expect(foundBy("credit-card", "card 4111 1111 1111 1111 2029 123")).toEqual(["4111 1111 1111 1111"]);
  expect(foundBy("iban", "AB12 this is no iban but DE89 3704 0044 0532 0130 00 BIC COBADEFF")).toEqual([
    "DE89 3704 0044 0532 0130 00",
  ]);
});

test.each([
  ["email", "a@b", "@decorator", "user@ host.com", "x @ y.com"],
  ["credit-card", "4111 1111 1111 1112", "1234567890123456", "20 30 40 50 60 70 80", "1732400000000", "4".repeat(30)],
  ["iban", "DE89 3704 0044 0532 0130 01", "AB12 is the name of a very long road", "GB82"],
  ["us-ssn", "000-12-3456", "666-12-3456", "900-12-3456", "123-45-67890", "123456789"],
  ["phone", "2024-11-24", "1234567890", "3.14.15", "+1"],
  ["ip-address", "1.2.3", "1.2.3.4.5", "256.1.1.1", "12:30:45", "std::vector", "aa:bb:cc:dd:ee:ff", "::"],
  ["jwt", "eyJ", "eyJhbGciOiJIUzI1NiJ9", "grey.JavaScript.example"],
  ["api-key", "sk-", "ask-me-anything-you-want", "sk-short", "task-0123456789abcdefghij"],
])("%s finds nothing in what only looks like one", (name, ...texts) => {
  for (const text of texts) expect(foundBy(name, text), text).toEqual([]);
});

test("no text makes a built-in pattern look at it for longer than it may", () => {
  const length = 256 * 1024;
  const parts = [
    ...[
      "a",
      "1",
      "@",
      "a@",
      "a.",
      "1 ",
      "4111 ",
      "eyJ-",
      "+1",
      "::",
      "a:",
      "1.",
      "sk-",
      "DE89",
      "-----BEGIN PRIVATE KEY-----",
    ],
    ...["123-", "x@y.", "(202) ", "%", "\\", "é", "漢", "-", "0:0:"],
  ];
  for (const part of parts) {
    const text = part.repeat(Math.ceil(length / part.length));
    for (const { name, find } of BUILT_IN) {
      const start = performance.now();
      let isOut = false;
      try {
        withinTime(2_000, () => [...find(text)].length);
      } catch (error) {
        isOut = error instanceof OutOfTime;
      }
      expect([name, part, isOut]).toEqual([name, part, false]);
      expect(performance.now() - start, `${name} over ${part}`).toBeLessThan(2_000);
    }
  }
});

test("work that takes too long is stopped, in the middle of a regular expression too, and what it throws passes", () => {
  expect(withinTime(1_000, () => 7)).toBe(7);
  const catastrophic = /^(a+)+$/;
  expect(() => withinTime(20, () => catastrophic.test(`${"a".repeat(60)}!`))).toThrow(OutOfTime);
  expect(() =>
    withinTime(1_000, () => {
      throw new TypeError("mine");
    }),
  ).toThrow(TypeError);
  expect(withinTime(1_000, () => "and goes on")).toBe("and goes on");
});
