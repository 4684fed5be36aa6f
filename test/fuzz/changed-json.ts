import fc from "fast-check";
import { CANARY } from "./mutations.ts";

const strange = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(
    ...[CANARY, [CANARY], { [CANARY]: CANARY }, { type: CANARY }, 1e300, -1, 0.5, true, null, "", [], {}],
    ...["__proto__", { __proto__: null, constructor: {} }, nested(70), nested(5_000), "x".repeat(100_000)],
  ),
);

/** JSON that has the shape of one of the samples, but for some of its values: left out, or something strange in their place. */
export function changedJson(samples: readonly object[]): fc.Arbitrary<Buffer> {
  return fc
    .tuple(
      fc.constantFrom(...samples),
      fc.array(fc.tuple(fc.nat(), strange, fc.constantFrom("instead", "beside", "nothing")), { maxLength: 3 }),
    )
    .map(([sample, changes]) => {
      const changed: object = structuredClone(sample);
      for (const [place, value, how] of changes) {
        const places = [...placesIn(changed)];
        const [holder, key] = places[place % Math.max(1, places.length)] ?? [changed, "model"];
        if (how === "nothing") Reflect.deleteProperty(holder, key);
        else Reflect.set(holder, how === "beside" && !Array.isArray(holder) ? CANARY : key, structuredClone(value));
      }
      return Buffer.from(JSON.stringify(changed));
    });
}

function* placesIn(value: object): Generator<readonly [holder: object, key: string]> {
  const open = [value];
  for (let holder = open.pop(); holder !== undefined; holder = open.pop()) {
    for (const [key, inner] of Object.entries(holder)) {
      yield [holder, key];
      if (typeof inner === "object" && inner !== null) open.push(inner);
    }
  }
}

function nested(depth: number): unknown {
  let value: unknown = CANARY;
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}
