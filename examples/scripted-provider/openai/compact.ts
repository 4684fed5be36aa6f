import type { Answer } from "../answer.ts";
import { readShape } from "../read-shape.ts";
import type { Reader } from "../wire-format.ts";
import { responsesAskedOf, responsesShape } from "./responses-request.ts";
import { responseUsageOf } from "./usage.ts";

const shape = responsesShape.extend({ input: responsesShape.shape.input.nullish() });

/** OpenAI's compaction of a conversation: the last user message stays, all else becomes one sealed item. */
export const readCompact: Reader = ({ body }) =>
  readShape(shape, body, ({ input, ...rest }) => {
    const asked = responsesAskedOf({ ...rest, input: input ?? [] });
    return { asked, write: (answer) => ({ body: JSON.stringify(compactionOf(answer, asked.question)) }) };
  });

function compactionOf(answer: Answer, question: string) {
  const content = [{ type: "input_text", text: question }];
  return {
    id: `resp_${answer.id}`,
    object: "response.compaction",
    created_at: answer.created,
    output: [
      { id: `msg_${answer.id}`, type: "message", status: "completed", role: "user", content },
      {
        id: `cmp_${answer.id}`,
        type: "compaction",
        encrypted_content: Buffer.from(answer.text.join("")).toString("base64"),
      },
    ],
    ...(answer.usage === undefined ? {} : { usage: responseUsageOf(answer.usage) }),
  };
}
