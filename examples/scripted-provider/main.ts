import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { runService } from "#lib/lifecycle.ts";
import { createLogger } from "#lib/logger.ts";
import { behavioursSchema } from "./behaviour.ts";
import { startScriptedProvider } from "./scripted-provider.ts";

// `node main.ts [host:port]`, or SCRIPTED_PROVIDER_LISTEN. The behaviours are those of the file beside it.
const listen = process.argv[2] ?? process.env["SCRIPTED_PROVIDER_LISTEN"] ?? "127.0.0.1:7003";
const log = createLogger("scripted-provider", "info");

await runService(log, 1000, async () => {
  const text = readFileSync(new URL("./behaviours.yaml", import.meta.url), "utf8");
  const behaviours = behavioursSchema.parse(parse(text));
  // Nobody can read the log of another process.
  const provider = await startScriptedProvider({ listen, behaviours, requestsMax: 0 });
  log.info({ url: provider.url }, "serving");
  return provider;
});
