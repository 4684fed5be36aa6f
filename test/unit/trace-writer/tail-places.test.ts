import fc from "fast-check";
import { expect, test } from "vitest";
import { createTailPlaces, type TailPlace } from "../../../services/trace-writer/reading/tail-places.ts";

const PLACES = 12;

/** Places, and how many of them each caller has. */
function watchedPlaces() {
  const places = createTailPlaces(PLACES);
  const taken: { readonly workspace: string; readonly name: string; readonly place: TailPlace }[] = [];
  const held = () => taken.filter(({ place }) => !place.lost.aborted);
  return {
    held,
    /** Whether it got one. */
    ask(workspace: string, name: string): boolean {
      try {
        taken.push({ workspace, name, place: places.take({ kind: "key", workspace, name }) });
        return true;
      } catch (error) {
        expect(error).toMatchObject({ kind: "overloaded" });
        return false;
      }
    },
    of: (workspace: string, name?: string) =>
      held().filter((each) => each.workspace === workspace && (name ?? each.name) === each.name).length,
  };
}

const asking = fc.record({ workspace: fc.constantFrom("a", "b", "c"), name: fc.constantFrom("x", "y", "z") });

test("in whatever order callers ask, who is refused lacks no place that somebody else has too many of", () => {
  fc.assert(
    fc.property(fc.array(asking, { minLength: 40, maxLength: 100 }), (order) => {
      const { ask, held, of } = watchedPlaces();
      for (const [index, { workspace, name }] of order.entries()) {
        const [before, beforeOwn] = [of(workspace), of(workspace, name)];
        const most = Math.max(...["a", "b", "c"].map((each) => of(each)));
        const mostOfOwn = Math.max(...["x", "y", "z"].map((each) => of(workspace, each)));
        const isFair = most <= before + 1 && mostOfOwn <= beforeOwn + 1;
        expect(ask(workspace, name)).toBe(index < PLACES || held().length < PLACES || !isFair);
        expect(held()).toHaveLength(Math.min(index + 1, PLACES));
      }
    }),
  );
});

test("a workspace that has them all shares them with one that asks, and its callers among themselves", () => {
  const { ask, of } = watchedPlaces();
  for (let n = 0; n < PLACES; n += 1) expect(ask("a", "x")).toBe(true);
  expect(ask("a", "x")).toBe(false);
  for (let n = 0; n < PLACES; n += 1) ask("b", "x");
  expect([of("a"), of("b")]).toEqual([6, 6]);
  for (let n = 0; n < PLACES; n += 1) ask("a", "y");
  expect([of("a", "x"), of("a", "y"), of("b")]).toEqual([3, 3, 6]);
});

test("a place that is given back is free for whoever comes", () => {
  const { ask, held } = watchedPlaces();
  for (let n = 0; n < PLACES; n += 1) ask("a", "x");
  held()[3]?.place[Symbol.dispose]();
  expect([ask("a", "x"), ask("a", "x")]).toEqual([true, false]);
});
