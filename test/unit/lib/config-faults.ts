import { ConfigError, parseConfig } from "#lib/config/load.ts";

/** A configuration without a fault. */
export const GOOD = `
providers:
  openai: { baseUrl: https://api.openai.com/v1, apiKey: "\${OPENAI_API_KEY}" }
endpoints:
  - name: assistant
    models: [{ provider: openai, model: gpt-5-mini }]
`;

/** What is wrong with a configuration, a line each. */
export function faultsOf(text: string, environment = {}): readonly string[] {
  try {
    parseConfig(text, "twinspan.yaml", environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n");
    throw error;
  }
  return [];
}
