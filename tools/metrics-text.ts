/** The sum of all lines of a metric in Prometheus's text, by their beginning: a name, or a name and its first labels. */
export function sumOfMetric(text: string, beginning: string): number {
  return text
    .split("\n")
    .filter((line) => line.startsWith(beginning) && /[ {,}]/.test(line[beginning.length] ?? ""))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}
