import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { parseArgs, promisify } from "node:util";
import { ENDPOINTS } from "../../bench/traffic/world.ts";
import { type Behaviour, behavioursSchema } from "../../examples/scripted-provider/behaviour.ts";
import { until } from "../../tools/until.ts";
import { buildConsole, startBrowser } from "../browser/browser.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { type ShownTraces, scenesOf } from "./scenes.ts";

/*
 * `make screenshots`: each view of the console in both themes, into docs/images/, over made-up traces and the endpoints
 * of the company that they are of. One of its providers is away, so that there is something to see.
 */

const IMAGES = "docs/images";
const VIEWPORT = { width: 1280, height: 760 };
const CALLS = 24;
/** What is asked of each endpoint that chats, in their order. */
const QUESTIONS = [
  "Where is my order of last week?",
  "Why does the second test of the file fail when it runs alone?",
  "Summarise the minutes of Monday in three sentences.",
  "Which of these invoices is due first?",
  "What do the field tests say about flow temperatures?",
  "Which team is to answer a question about a voucher?",
];
const { values } = parseArgs({ options: { traces: { type: "string", default: "20000" } } });

await buildConsole();
await using stack = await startStack({
  models: [],
  behaviours: behavioursOf(),
  providers: Object.fromEntries(providersOf().map((name) => [name, { breaker: { enabled: true, attemptsMin: 10 } }])),
  endpoints: ENDPOINTS.map(({ name, models: [first, ...others] }) => ({
    name,
    models: [{ ...modelOf(first), weight: 1 }],
    fallbacks: others.map(modelOf),
    concurrency: { callsMax: 64 },
  })),
  traceWriter: { retention: { ageDaysMax: 90 } },
});
await fill(stack);
await using browser = await startBrowser();
mkdirSync(IMAGES, { recursive: true });
const scenes = scenesOf(await shownTraces(stack));
for (const colorScheme of ["light", "dark"] as const) {
  for (const { name, address, ready } of scenes) {
    const { page } = await browser.open(stack.url + address, {
      colorScheme,
      viewport: VIEWPORT,
      reducedMotion: "reduce",
    });
    await ready(page);
    await page.screenshot({ path: `${IMAGES}/${name}-${colorScheme}.png` });
    await page.context().close();
    process.stdout.write(`${IMAGES}/${name}-${colorScheme}.png\n`);
  }
}

type Model = (typeof ENDPOINTS)[number]["models"][number];

function modelOf({ provider, model, inputPerMillion, outputPerMillion }: Model | undefined = ENDPOINTS[0].models[0]) {
  return { provider, model, price: { inputPerMillion, outputPerMillion } };
}

function providersOf(): readonly string[] {
  return [...new Set(ENDPOINTS.flatMap(({ models }) => models.map(({ provider }) => provider)))];
}

/** Models answer as fast as they are said to, but for those of one provider, which is away. */
function behavioursOf(): Readonly<Record<string, Behaviour>> {
  const models = ENDPOINTS.flatMap((endpoint) => endpoint.models);
  const behaviours = models.map(({ provider, model, firstTokenMs, tokensPerSecond }) => [
    model,
    provider === "groq"
      ? { status: 503 }
      : { delayHeadMs: Math.round(firstTokenMs / 4), chunkDelayMs: Math.min(20, Math.ceil(1000 / tokensPerSecond)) },
  ]);
  return behavioursSchema.parse(Object.fromEntries(behaviours));
}

/** Made-up traces of the last 30 days, and some calls of the last minutes. */
async function fill({ traceWriterAddress, url }: Stack): Promise<void> {
  const args = ["bench/demo-data.ts", "--traces", values.traces, "--target", traceWriterAddress];
  await promisify(execFile)(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 });
  const chats = ENDPOINTS.map(({ name }) => name).filter((name) => name !== "embeddings");
  const calls = Array.from({ length: CALLS }, async (_, at) => {
    const model = chats[at % chats.length];
    const body = {
      model,
      stream: at % 3 !== 0,
      messages: [{ role: "user", content: QUESTIONS[at % QUESTIONS.length] }],
    };
    const headers = { "content-type": "application/json", "user-agent": "web-shop/2" };
    const answer = await fetch(`${url}/v1/chat/completions`, { method: "POST", body: JSON.stringify(body), headers });
    await answer.text();
  });
  await Promise.all(calls);
}

/** An agent's trace with several calls, and the full trace of one that fell back. */
async function shownTraces({ stored }: Stack): Promise<ShownTraces> {
  return until("there is an agent's trace whose call fell back", async () => {
    for (const { traceId, linkedTraceIds } of (await stored.inExperiment("support-agent")).slice(0, 200)) {
      if (linkedTraceIds.length < 3) continue;
      for (const full of linkedTraceIds) {
        const spans = (await stored.find(full))?.info?.spanCount ?? 0;
        if (spans > 2) return { agent: traceId, full };
      }
    }
    return undefined;
  });
}
