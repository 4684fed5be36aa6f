/**
 * By how much a figure grows from its first value to its last, as the line through all of them tells (Theil and Sen's:
 * the median of the slopes between any two, which outliers do not move).
 */
export function growthOf(figures: readonly number[]): number {
  const slopes = figures.flatMap((earlier, from) =>
    figures.slice(from + 1).map((later, distance) => (later - earlier) / (distance + 1)),
  );
  const slope = slopes.sort((a, b) => a - b)[Math.floor(slopes.length / 2)] ?? 0;
  return slope * Math.max(0, figures.length - 1);
}
