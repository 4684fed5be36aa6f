import { readFileSync, writeFileSync } from "node:fs";

/** Writes what a run came to into a document, between `<!-- name -->` and `<!-- /name -->`. Throws where the two are not. */
export function writeReportSection(document: string, name: string, report: string): void {
  const text = readFileSync(document, "utf8");
  const [begin, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${document} has no place for ${name}`);
  writeFileSync(document, `${text.slice(0, from + begin.length)}\n${report}\n${text.slice(to)}`);
}
