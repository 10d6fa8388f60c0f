// Kills consumers, and tells them to end, while a queue drains through their successors, and accounts for every message.
//
//   npm run crashes                                        200 of either, over both clients: some 20 minutes
//   npm run crashes -- --kills 20 --terms 20 --messages 2000 --seed 7
//
// The account goes into docs/crashes.md and its picture, unless --dry is given.
import { writeFileSync } from "node:fs";
import { CLIENTS } from "../test/crashes/clients.js";
import type { Account } from "../test/crashes/account.js";
import { drain, type DrainOptions } from "../test/crashes/drain.js";
import { readOptions, readWholeNumber, refuse } from "./command-line.js";
import { drawCrashes } from "./crashes/draw-crashes.js";
import { describeAccounts } from "./crashes/page.js";
import { writeIntoPage } from "./docs-page.js";

const PICTURE = "docs/images/crashes.svg";
const TELL_EVERY_MS = 5_000;
/** Of ten stops, one more with too little time. */
const SHORT_STOPS = 0.1;
const USAGE = `Usage: npm run crashes -- [--kills 200] [--terms 200] [--messages 20000] [--seed 1] [--client default|direct|both] [--dry]

Drains a queue of so many messages while processes are ended by SIGKILL, another one by SIGTERM, and a small one by
SIGTERM with too little time, over each client. Exits with 1 when anything is lost, or done twice without a reason.
`;

const values = readOptions(USAGE, {
  kills: { type: "string", default: "200" },
  terms: { type: "string", default: "200" },
  messages: { type: "string", default: "20000" },
  seed: { type: "string", default: "1" },
  client: { type: "string", default: "both" },
  dry: { type: "boolean", default: false },
});
const kills = readWholeNumber(USAGE, "kills", values.kills, [1, 10_000]);
const terms = readWholeNumber(USAGE, "terms", values.terms, [1, 10_000]);
const messages = readWholeNumber(USAGE, "messages", values.messages, [1, 1_000_000]);
const seed = readWholeNumber(USAGE, "seed", values.seed, [0, 2 ** 31]);
const clients = CLIENTS.filter((name) => values.client === "both" || values.client === name);
if (clients.length === 0) refuse(USAGE, `--client must be ${CLIENTS.join(", ")} or both, not "${values.client}".`);

const startedAt = performance.now();

async function run(options: Omit<DrainOptions, "onProgress">): Promise<Account> {
  const name = `${options.signal}, ${options.grace === "enough" ? "" : "too little time, "}${options.clients.join()} client`;
  let toldAt = performance.now();
  const account = await drain({
    ...options,
    onProgress(crashes, deleted) {
      if (performance.now() - toldAt < TELL_EVERY_MS) return;
      toldAt = performance.now();
      console.log(`${name}: ${crashes} of ${options.crashes} ended, ${deleted} of ${options.messages} deleted`);
    },
  });
  const { deleted, handled, duplicates, complaints, tookMs } = account;
  console.log(
    `${name}: ${deleted} deleted, ${handled} handled, ${duplicates} duplicates, in ${(tookMs / 1_000).toFixed(0)} s`,
  );
  for (const complaint of complaints) console.error(complaint);
  return account;
}

/** The clients one beside the other, as there is much waiting. */
function runAll(options: Omit<DrainOptions, "clients" | "onProgress">): Promise<Account[]> {
  return Promise.all(clients.map((client) => run({ ...options, clients: [client] })));
}

const short = Math.ceil(terms * SHORT_STOPS);
const accounts = [
  ...(await runAll({ seed, messages, crashes: kills, signal: "SIGKILL", grace: "enough" })),
  ...(await runAll({ seed, messages, crashes: terms, signal: "SIGTERM", grace: "enough" })),
  ...(await runAll({
    seed,
    messages: Math.ceil(messages * SHORT_STOPS),
    crashes: short,
    signal: "SIGTERM",
    grace: "too little",
  })),
];
const command = `npm run crashes -- --kills ${kills} --terms ${terms} --messages ${messages} --seed ${seed}`;
const text = describeAccounts(accounts, command);
console.log(text);
console.log(`${((performance.now() - startedAt) / 60_000).toFixed(1)} minutes`);
if (!values.dry) {
  await writeIntoPage("crashes.md", "crashes", text);
  writeFileSync(PICTURE, drawCrashes(accounts));
}
process.exitCode = accounts.every(({ complaints }) => complaints.length === 0) ? 0 : 1;
