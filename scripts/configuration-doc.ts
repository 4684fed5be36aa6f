import { z } from "zod";
import { configSchema } from "#lib/config/schema.ts";
import { type SettingNode, settingNode } from "./setting-node.ts";

/** The JSON Schema of `twinspan.yaml`, for editors. Ends with a line break. */
export function configurationJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(configSchema, { io: "input" }), undefined, 2)}\n`;
}

/** `docs/configuration.md`: every setting with its default, its bounds, and what it is. */
export function configurationDoc(): string {
  const root = settingNode.parse(z.toJSONSchema(configSchema, { io: "input" }));
  const required = new Set(root.required);
  const sections = Object.entries(root.properties ?? {}).map(([name, node]) =>
    sectionOf(name, node, required.has(name)),
  );
  return `${PREFACE}\n${sections.join("\n")}`;
}

const PREFACE = `# Configuration

<!-- Generated from lib/config/schema.ts by \`make generate\`; a test compares the two. -->

One YAML file: \`--config\`, else \`$TWINSPAN_CONFIG\`, else \`twinspan.yaml\`. It is checked whole at start, and every
fault is told with its line and column; \`bin/twinspan check\` does that alone, \`--print\` shows the file with every
default filled in. A setting that does not exist is a fault. \`\${NAME}\` is replaced from the environment,
\`\${NAME:-text}\` by \`text\` where NAME is unset; an unset NAME without a default is a fault, but in a provider's
credentials, where it makes the provider's endpoints unavailable. Sizes are bytes, times are milliseconds. For editors
there is \`twinspan.schema.json\`.
`;

function sectionOf(name: string, node: SettingNode, isRequired: boolean): string {
  const rows = rowsOf(name, node, isRequired).map((cells) => `| ${cells.map(escaped).join(" | ")} |`);
  return [`## ${name}`, "", "| setting | default | may be | what |", "| --- | --- | --- | --- |", ...rows, ""].join(
    "\n",
  );
}

type Row = readonly [setting: string, fallback: string, bounds: string, what: string];

function rowsOf(path: string, node: SettingNode, isRequired: boolean): readonly Row[] {
  // One of several: a row for them all, then the settings that one of them has.
  if (node.anyOf !== undefined) {
    const bounds = node.anyOf.map((branch) => (branch.properties === undefined ? boundsOf(branch) : "settings"));
    const own: Row = [`\`${path}\``, defaultOf(node, isRequired), bounds.join(", "), node.description ?? ""];
    const settings = node.anyOf.filter((branch) => branch.properties !== undefined);
    return [own, ...settings.flatMap((branch) => rowsOf(path, branch, isRequired))];
  }
  if (node.properties !== undefined) {
    const required = new Set(node.required);
    return Object.entries(node.properties).flatMap(([key, inner]) =>
      rowsOf(`${path}.${key}`, inner, required.has(key)),
    );
  }
  const own: Row = [
    `\`${path}\``,
    defaultOf(node, isRequired),
    boundsOf(node),
    (node.description ?? "").replaceAll(/`[^`]*`|</g, (found) => (found === "<" ? "&lt;" : found)),
  ];
  if (typeof node.additionalProperties === "object") return rowsOf(`${path}.<name>`, node.additionalProperties, true);
  if (node.items === undefined) return [own];
  const items = rowsOf(`${path}[]`, node.items, true);
  return node.description === undefined ? items : [own, ...items];
}

function defaultOf(node: SettingNode, isRequired: boolean): string {
  if (node.default !== undefined) return `\`${JSON.stringify(node.default)}\``;
  return isRequired ? "required" : "none";
}

function boundsOf(node: SettingNode): string {
  const { const: word, enum: words, minimum, exclusiveMinimum, maximum, exclusiveMaximum, type } = node;
  if (word !== undefined) return `\`${String(word)}\``;
  if (words !== undefined) return words.map((word) => `\`${String(word)}\``).join(", ");
  if (exclusiveMinimum !== undefined && maximum !== undefined)
    return `over ${figureOf(exclusiveMinimum)}, to ${figureOf(maximum)}`;
  if (exclusiveMinimum !== undefined && exclusiveMaximum !== undefined)
    return `between ${figureOf(exclusiveMinimum)} and ${figureOf(exclusiveMaximum)}`;
  if (minimum !== undefined && maximum !== undefined) return `${figureOf(minimum)} to ${figureOf(maximum)}`;
  if (minimum !== undefined) return `from ${figureOf(minimum)}`;
  return type === "boolean" ? "`true`, `false`" : (type ?? "");
}

function figureOf(figure: number): string {
  return figure.toLocaleString("en-US");
}

function escaped(text: string): string {
  return text.replaceAll("|", "\\|");
}
