import { z } from "zod";

const number = z.number().optional();

/** A setting, or a group of them, as the JSON Schema of a configuration has it: as much as is read of it here. */
export const settingNode = z.object({
  type: z.string().optional(),
  description: z.string().optional(),
  default: z.unknown().optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  pattern: z.string().optional(),
  minimum: number,
  exclusiveMinimum: number,
  minLength: number,
  minItems: number,
  maximum: number,
  exclusiveMaximum: number,
  maxLength: number,
  maxItems: number,
  required: z.array(z.string()).optional(),
  get properties() {
    return z.record(z.string(), settingNode).optional();
  },
  get additionalProperties() {
    return z.union([z.boolean(), settingNode]).optional();
  },
  get items() {
    return settingNode.optional();
  },
  get anyOf() {
    return z.array(settingNode).optional();
  },
});

export type SettingNode = z.output<typeof settingNode>;
