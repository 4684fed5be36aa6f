import { expect, test } from "vitest";
import { optionsOf } from "../../../bench/options.ts";

test("without arguments everything is asked, other stores in one mode, and the documents are written", () => {
  const { cells, isPublished } = optionsOf([]);
  expect(isPublished).toBe(true);
  expect(cells.filter(({ target }) => target === "on-postgres")).toEqual([{ mode: "plain-64", target: "on-postgres" }]);
  expect(cells).toContainEqual({ mode: "burst-64", target: "U" });
});

test("a single cell can be asked for, which leaves the documents as they are", () => {
  expect(optionsOf(["--only", "burst-64", "--targets", "on-postgres"])).toMatchObject({
    cells: [{ mode: "burst-64", target: "on-postgres" }],
    isPublished: false,
  });
});

test.each([
  [["--only", "plain-65"], '--only: "plain-65" is none of plain-1'],
  [["--targets", "U,V"], '--targets: "V" is none of D, nginx'],
  [["--seconds", "0"], '--seconds: "0" must be a number above 0'],
  [["--rounds", "many"], '--rounds: "many" must be a number above 0'],
  [["--fast"], "--fast"],
])("%j is refused with what is wrong and what there is", (args, message) => {
  expect(() => optionsOf(args)).toThrow(message);
});
