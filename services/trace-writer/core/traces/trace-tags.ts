/** How long a tag's key may be, in characters, and its value: MLflow's limits. */
export const TAG_KEY_MAX = 250;
const TAG_VALUE_MAX = 8000;
/** How many tags of a trace may have been edited; the removed ones count. */
export const EDITED_TAGS_MAX = 100;

/** Tags that tell MLflow's clients where spans and attachments are stored: that is not for others to say. */
const STORES_OWN = new Set([
  "mlflow.trace.spansLocation",
  "mlflow.artifactLocation",
  "mlflow.trace.archiveLocation",
  "mlflow.trace.archivalFailure",
]);

/** Whether only the store may say what stands in that tag. */
export function isStoresOwnTag(key: string): boolean {
  return STORES_OWN.has(key);
}

/** What was done to the tags of a trace, by key: the last value that was set; null: it was removed. */
export type TagEdits = Readonly<Record<string, string | null>>;

/** Tags after edits: they rank above what was there, and a tag that was removed stays so, whatever comes later. */
export function editedTagsOf(tags: Readonly<Record<string, string>>, edits: TagEdits): { [key: string]: string } {
  const edited: { [key: string]: string } = { ...tags };
  for (const [key, value] of Object.entries(edits)) {
    if (value === null) delete edited[key];
    else edited[key] = value;
  }
  return edited;
}

/** The rule that an edit breaks, with the field that breaks it. Undefined: it breaks none. */
export function checkTagEdit(set: Readonly<Record<string, string>>, remove: readonly string[]): string | undefined {
  const keys = [...Object.keys(set), ...remove];
  if (keys.length === 0) return "set: nothing is set or removed";
  if (keys.length > EDITED_TAGS_MAX) return `set: at most ${EDITED_TAGS_MAX} tags may be edited at once`;
  if (keys.some((key) => key === "" || key.length > TAG_KEY_MAX)) {
    return `set: keys must have 1 to ${TAG_KEY_MAX} characters`;
  }
  if (Object.values(set).some((value) => value.length > TAG_VALUE_MAX)) {
    return `set: values must have at most ${TAG_VALUE_MAX} characters`;
  }
  if (remove.some((key) => Object.hasOwn(set, key))) return "remove: a tag is both set and removed";
  return keys.some(isStoresOwnTag) ? "set: where spans are stored is not a tag that can be edited" : undefined;
}
