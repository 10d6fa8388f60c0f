// What is too much for a test: `npm run load`. See docs/soak.md.
import pc from "picocolors";
import { readOptions, refuse } from "./command-line.js";
import { type Client, largeBodies, type LoadResult, manyHandlers, mostInFlight } from "./load/scenes.js";

const USAGE = `Usage: npm run load -- [--only bodies | in-flight | handlers] [--client sdk]

Puts as much on a consumer as it must bear, against a simulated SQS in a process of its own,
and fails when a message is lost, comes again, or is more than there is room for:

  bodies      bodies of 1 MiB at concurrency 100, with a budget of bytes and without
  in-flight   120,000 messages in flight, the most of a standard queue, kept for two visibility timeouts
  handlers    10,000 handlers at once

  --client NAME   sdk, or direct for the client of millrace/direct
`;

type Scene = (client: Client) => Promise<LoadResult>;

const SCENES: Readonly<Record<string, readonly Scene[]>> = {
  bodies: [(client) => largeBodies(client, undefined), (client) => largeBodies(client, 32)],
  "in-flight": [(client) => mostInFlight(client, 120)],
  handlers: [manyHandlers],
};

function readSettings(): { readonly client: Client; readonly scenes: readonly Scene[] } {
  const { only, client } = readOptions(USAGE, { only: { type: "string" }, client: { type: "string", default: "sdk" } });
  if (client !== "sdk" && client !== "direct") return refuse(USAGE, `--client must be sdk or direct, not "${client}".`);
  if (only === undefined) return { client, scenes: Object.values(SCENES).flat() };
  const scenes = SCENES[only];
  if (scenes === undefined)
    return refuse(USAGE, `--only must be one of ${Object.keys(SCENES).join(", ")}, not "${only}".`);
  return { client, scenes };
}

const { client, scenes } = readSettings();
for (const play of scenes) {
  const { what, isGood, figures } = await play(client);
  console.log(`${isGood ? pc.green("ok    ") : pc.red("FAILED")}  ${what}: ${figures.join("; ")}`);
  if (!isGood) process.exitCode = 1;
}
