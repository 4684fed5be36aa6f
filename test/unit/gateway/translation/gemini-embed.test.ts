import type * as Gemini from "@google/genai";
import { describe, expect, it } from "vitest";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import {
  geminiBatchEmbedContentsCodec,
  geminiEmbedContentCodec,
} from "../../../../services/gateway/translation/gemini/embed-content.ts";
import { describeFields, type FieldCase, invocationOf, refusalOf } from "./field-coverage.ts";

describe("a request for embeddings", () => {
  const content = (text: string) => ({ content: { parts: [{ text }] } });
  const decodeOne = (more: object) =>
    geminiEmbedContentCodec.decode(invocationOf(Dialect.DIALECT_GEMINI_EMBED_CONTENT, { ...content("a"), ...more }));
  const decodeMany = (...requests: readonly object[]) =>
    geminiBatchEmbedContentsCodec.decode(invocationOf(Dialect.DIALECT_GEMINI_BATCH_EMBED_CONTENTS, { requests }));

  const CONFIG_FIELDS: Readonly<
    Record<Exclude<keyof Gemini.EmbedContentConfig, "httpOptions" | "abortSignal">, FieldCase>
  > = {
    taskType: { refused: "RETRIEVAL_QUERY" },
    title: { refused: "x" },
    outputDimensionality: { translated: 3 },
    mimeType: { refused: "text/plain" },
    autoTruncate: { refused: true },
    documentOcr: { refused: true },
    audioTrackExtraction: { refused: true },
  };
  describeFields("its fields", CONFIG_FIELDS, decodeOne);

  it("is read, one text or many", () => {
    expect(decodeOne({}).options).toEqual({ values: ["a"] });
    const many = ["a", "b"].map((text) => ({ model: "models/x", ...content(text), outputDimensionality: 3 }));
    expect(decodeMany(...many).options).toEqual({ values: ["a", "b"], dimensions: 3 });
  });

  it("asks for embeddings of one length", () => {
    const { field } = refusalOf(() => decodeMany(content("a"), { ...content("b"), outputDimensionality: 3 }));
    expect(field).toBe("requests");
  });
});
