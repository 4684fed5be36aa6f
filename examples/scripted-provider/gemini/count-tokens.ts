import { z } from "zod";
import { askedOf } from "../asked.ts";
import { readShape } from "../read-shape.ts";
import type { Reader } from "../wire-format.ts";
import { contentShape, generateAskedOf, generateShape, saidInContent } from "./generate-request.ts";

const shape = z.union([
  z.looseObject({ generateContentRequest: generateShape }),
  z.looseObject({ contents: z.array(contentShape).min(1) }),
]);

/** Gemini's `countTokens`, of contents or of a whole request for content. */
export const readGeminiCountTokens: Reader = ({ body, model = "" }) =>
  readShape(shape, body, (request) => {
    const asked =
      "generateContentRequest" in request
        ? generateAskedOf(generateShape.parse(request.generateContentRequest), model)
        : askedOf({ model, said: request.contents.map(saidInContent) });
    const totalTokens = asked.promptTokens;
    const promptTokensDetails = [{ modality: "TEXT", tokenCount: totalTokens }];
    return { asked, write: () => ({ body: JSON.stringify({ totalTokens, promptTokensDetails }) }) };
  });
