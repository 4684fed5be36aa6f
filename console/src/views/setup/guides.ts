import aiSdk from "../../../../docs/guides/ai-sdk.md?raw";
import anthropic from "../../../../docs/guides/anthropic.md?raw";
import curl from "../../../../docs/guides/curl.md?raw";
import gemini from "../../../../docs/guides/gemini.md?raw";
import langchain from "../../../../docs/guides/langchain.md?raw";
import litellm from "../../../../docs/guides/litellm.md?raw";
import mlflow from "../../../../docs/guides/mlflow.md?raw";
import openai from "../../../../docs/guides/openai.md?raw";
import opentelemetry from "../../../../docs/guides/opentelemetry.md?raw";

/** A guide of docs/guides. Its commands and files are run by the project's tests. */
export interface Guide {
  /** Its file, without the ending. */
  readonly key: string;
  readonly words: string;
  /** For whom it is, in a few words. */
  readonly says: string;
  readonly markdown: string;
}

/** The guides that fit anybody, in the order in which they are of use. */
export const GUIDES: readonly Guide[] = [
  { key: "curl", words: "curl", says: "or any HTTP client", markdown: curl },
  { key: "openai", words: "OpenAI", says: "JavaScript, Python", markdown: openai },
  { key: "anthropic", words: "Anthropic", says: "JavaScript, Python, Claude Code", markdown: anthropic },
  { key: "gemini", words: "Gemini", says: "JavaScript, Python", markdown: gemini },
  { key: "opentelemetry", words: "OpenTelemetry", says: "whatever the SDK", markdown: opentelemetry },
  { key: "mlflow", words: "MLflow", says: "traces, and its gateway's clients", markdown: mlflow },
  { key: "langchain", words: "LangGraph", says: "and LangChain", markdown: langchain },
  { key: "ai-sdk", words: "AI SDK", says: "Vercel's", markdown: aiSdk },
  { key: "litellm", words: "LiteLLM", says: "Python", markdown: litellm },
];

/** Where the guides say that twinspan is, and the endpoint that they call. */
const WRITTEN_ORIGIN = "http://127.0.0.1:8080";
const WRITTEN_ENDPOINT = /(?<=[\s"'/])demo(?=[\s"':/?])/g;

/** A guide's text for this server and one of its endpoints. */
export function addressed(markdown: string, origin: string, endpoint: string): string {
  return markdown.replaceAll(WRITTEN_ORIGIN, origin).replaceAll(WRITTEN_ENDPOINT, () => endpoint);
}
