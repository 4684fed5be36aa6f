import fc from "fast-check";
import { expect, test } from "vitest";
import { planOf } from "../../../services/gateway/core/routing/plan.ts";
import { drawOf } from "../../../services/gateway/routing/draw.ts";
import { seededRandom } from "../../../tools/seeded-random.ts";

interface Named {
  readonly provider: { readonly name: string };
  readonly model: string;
  readonly weight: number;
}

const NONE: readonly Named[] = [];
const NOBODY = {
  product: undefined,
  session: undefined,
  user: undefined,
  run: undefined,
  serverUrl: undefined,
  experiment: undefined,
};

const weights = fc.array(fc.double({ min: 0, max: 1000, noNaN: true }), { minLength: 1, maxLength: 16 });

function modelsOf(weightsOf: readonly number[]): readonly Named[] {
  return weightsOf.map((weight, index) => ({ provider: { name: "p" }, model: `m${index}`, weight }));
}

/** Whom a session is given first. */
function firstOf(models: readonly Named[], session: string): string | undefined {
  return planOf(models, NONE, drawOf("session", { ...NOBODY, session }, Math.random))[0]?.model;
}

test("a plan has every model once: those with a share, those without in order, the fallbacks in order", () => {
  fc.assert(
    fc.property(weights, fc.integer({ min: 0, max: 8 }), fc.integer(), (weightsOf, fallbackCount, seed) => {
      const models = modelsOf(weightsOf);
      const fallbacks = Array.from({ length: fallbackCount }, (_, index) => ({
        provider: { name: "f" },
        model: `f${index}`,
        weight: 0,
      }));
      const plan = planOf(models, fallbacks, seededRandom(seed));
      const shared = models.filter(({ weight }) => weight > 0);
      expect(new Set(plan.slice(0, shared.length))).toEqual(new Set(shared));
      expect(plan.slice(shared.length)).toEqual([...models.filter(({ weight }) => weight === 0), ...fallbacks]);
    }),
  );
});

test.each([[[1, 1]], [[1, 3]], [[0.5, 0.25, 0.25]], [[1, 0, 9]], [[100, 1, 1, 1]]])(
  "shares are those of the weights %j, and where the first is passed over, those of the rest",
  (weightsOf) => {
    const calls = 20_000;
    const models = modelsOf(weightsOf);
    const random = seededRandom(7);
    const firsts = new Map<string, number>();
    const seconds = new Map<string, number>();
    for (let call = 0; call < calls; call += 1) {
      const plan = planOf(models, NONE, random);
      const first = plan[0]?.model ?? "";
      firsts.set(first, (firsts.get(first) ?? 0) + 1);
      const withoutFirstModel = plan.find(({ model }) => model !== "m0")?.model ?? "";
      seconds.set(withoutFirstModel, (seconds.get(withoutFirstModel) ?? 0) + 1);
    }
    const expectShares = (counts: ReadonlyMap<string, number>, of: readonly Named[]) => {
      const sum = of.reduce((total, { weight }) => total + weight, 0);
      for (const { model, weight } of of) {
        const share = weight / sum;
        // Five standard deviations.
        const tolerance = 5 * Math.sqrt((share * (1 - share)) / calls);
        expect(Math.abs((counts.get(model) ?? 0) / calls - share)).toBeLessThanOrEqual(tolerance);
      }
    };
    expectShares(firsts, models);
    expectShares(seconds, models.slice(1));
  },
);

test("a sticky caller keeps its plan, whatever chance says", () => {
  fc.assert(
    fc.property(weights, fc.string(), (weightsOf, session) => {
      const models = modelsOf(weightsOf);
      const plan = () => planOf(models, NONE, drawOf("session", { ...NOBODY, session }, Math.random));
      expect(plan()).toEqual(plan());
    }),
  );
});

test("sticky sessions are spread by weight", () => {
  const models = modelsOf([1, 3]);
  const sessions = 10_000;
  let ofFirst = 0;
  for (let session = 0; session < sessions; session += 1) {
    if (firstOf(models, `session-${session}`) === "m0") ofFirst += 1;
  }
  expect(ofFirst / sessions).toBeCloseTo(0.25, 1);
});

test("a changed weight moves sessions only to or from its model", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 2, maxLength: 6 }),
      fc.double({ min: 0.01, max: 100, noNaN: true }),
      fc.array(fc.string(), { minLength: 1, maxLength: 30 }),
      (weightsOf, changed, sessions) => {
        const before = modelsOf(weightsOf);
        const after = modelsOf([changed, ...weightsOf.slice(1)]);
        for (const session of sessions) {
          const [was, is] = [firstOf(before, session), firstOf(after, session)];
          if (was === is) continue;
          expect(changed > (weightsOf[0] ?? 0) ? is : was).toBe("m0");
        }
      },
    ),
  );
});

test("callers who name no session are spread by chance, also where the endpoint is sticky", () => {
  const random = seededRandom(1);
  expect(drawOf("session", NOBODY, random)).toBe(random);
  expect(drawOf("none", { ...NOBODY, session: "s" }, random)).toBe(random);
});
