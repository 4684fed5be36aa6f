import { type Span, SpanStatusCode, trace } from "@opentelemetry/api";
import OpenAI from "openai";

/** What came of a question. */
export interface Answered {
  /** The agent's own trace, `tr-<32 hex>`. */
  readonly traceId: string;
  readonly answer: string;
}

/** Answers a question with the model that twinspan knows as `endpoint`: the OpenAI SDK, told another address. */
export function answerQuestion(baseURL: string, endpoint: string, question: string): Promise<Answered> {
  // The SDK wants a key even where twinspan asks for none.
  const apiKey = process.env["OPENAI_API_KEY"] || "none";
  const openai = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
  return inSpan("answer a question", async (root) => {
    const answer = await inSpan("chat  openai SDK", async () => {
      const stream = await openai.chat.completions.create({
        model: endpoint,
        messages: [{ role: "user", content: question }],
        stream: true,
      });
      let text = "";
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
      return text;
    });
    return { traceId: `tr-${root.spanContext().traceId}`, answer };
  });
}

function inSpan<Result>(name: string, work: (span: Span) => Promise<Result>): Promise<Result> {
  return trace.getTracer("example-agent").startActiveSpan(name, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}
