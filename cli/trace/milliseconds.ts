/** A duration as people read it, in milliseconds: with one digit below ten, else whole. */
export function millisecondsOf(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : Math.round(ms).toString();
}
