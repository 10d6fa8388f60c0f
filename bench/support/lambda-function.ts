// The function that bench/lambda-hello-world.ts calls: a custom runtime in a process of its own.
import { setTimeout as sleep } from "node:timers/promises";
import { Consumer, type Handler, type Message } from "millrace";
import { LambdaRunner } from "millrace/lambda";
import { inThreads } from "millrace/threads";

/** What a handler does: nothing but its greeting, or waiting for 100 ms, or computing on a thread. */
export type Kind = "plain" | "waiting" | "computing";

const WAIT_MS = 100;
const workers = Number(process.env["WORKERS"]);

function greet({ Body = "" }: Message): string {
  const { name } = JSON.parse(Body) as { name: string };
  return `Hello, ${name}!`;
}

function createHandler(kind: Kind): Handler<Message> {
  if (kind === "plain") return (message) => greet(message);
  if (kind === "waiting") return (message) => sleep(WAIT_MS, greet(message));
  return inThreads(new URL("./compute.js", import.meta.url), { maxThreads: workers, minThreads: workers });
}

const handler = createHandler(process.env["KIND"] as Kind);
const consumer = new Consumer(handler, { runner: new LambdaRunner(), concurrency: workers });
consumer.on("error", (error) => console.error(error.code, error.message));
await consumer.start();
