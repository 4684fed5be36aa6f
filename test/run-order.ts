import { relative, sep } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The kinds of tests, those first whose files take longest. */
const KINDS = ["browser", "fault", "e2e", "deploy", "soak", "fuzz", "interop", "service", "unit"];

/**
 * Runs long files before short ones, as far as their kind and their size tell, so that no long one is left over when
 * other workers have nothing more to do. A small project comes before a large one, which fills up what it leaves idle.
 */
export class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const largeFirst = await super.sort(files);
    // The files of a project stay together: workers go from one to the next, but not into another project.
    return Map.groupBy(largeFirst, ({ project }) => project.name)
      .values()
      .toArray()
      .sort((a, b) => a.length - b.length)
      .flatMap((ofProject) => ofProject.sort((a, b) => placeOf(a) - placeOf(b)));
  }
}

/** Where the kind of a file is among all. What is of no known kind comes first. */
function placeOf({ moduleId, project }: TestSpecification): number {
  const [, kind = ""] = relative(project.config.root, moduleId).split(sep);
  return KINDS.indexOf(kind);
}
