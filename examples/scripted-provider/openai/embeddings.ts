import { z } from "zod";
import { askedToEmbed } from "../asked.ts";
import { readShape } from "../read-shape.ts";
import { DIMENSIONS_MAX, vectorOf } from "../vector.ts";
import type { Reader } from "../wire-format.ts";

const tokens = z.array(z.int());

const shape = z.looseObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(z.string()).min(1), tokens.min(1), z.array(tokens).min(1)]),
  encoding_format: z.enum(["float", "base64"]).nullish(),
  dimensions: z.int().min(1).max(DIMENSIONS_MAX).nullish(),
  // Mistral's word for it.
  output_dimension: z.int().min(1).max(DIMENSIONS_MAX).nullish(),
});

type Input = z.output<typeof shape>["input"];

/** OpenAI's embeddings. A token counts as a word. */
export const readEmbeddings: Reader = ({ body }) =>
  readShape(shape, body, ({ model, input, encoding_format: encoding, ...shape }) => {
    const texts = textsOf(input);
    return {
      asked: askedToEmbed(model, texts),
      write: (answer) => {
        const data = texts.map((text, index) => {
          const vector = vectorOf(text, shape.dimensions ?? shape.output_dimension);
          return { object: "embedding", index, embedding: encoding === "base64" ? base64Of(vector) : vector };
        });
        const count = answer.usage?.input;
        const usage = count === undefined ? {} : { usage: { prompt_tokens: count, total_tokens: count } };
        return { body: JSON.stringify({ object: "list", data, model: answer.model, ...usage }) };
      },
    };
  });

function textsOf(input: Input): readonly string[] {
  if (typeof input === "string") return [input];
  const [first] = input;
  if (typeof first === "number") return [input.join(" ")];
  return input.map((item) => (Array.isArray(item) ? item.join(" ") : String(item)));
}

/** As 32-bit floats, little-endian. */
function base64Of(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, index) => {
    bytes.writeFloatLE(value, index * 4);
  });
  return bytes.toString("base64");
}
