import { expect, test } from "vitest";
import { loneFigureOf } from "../../../console/src/chart/chart-series.ts";

test("a line of one figure has a dot where that is, and others have none", () => {
  expect(loneFigureOf([null, null, 7, null])).toEqual([2]);
  expect(loneFigureOf([0])).toEqual([0]);
  expect(loneFigureOf([null, 7, null, 7])).toEqual([]);
  expect(loneFigureOf([])).toEqual([]);
});
