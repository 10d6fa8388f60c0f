// A subject in a process of its own: it is started, looked at, and stopped, as its parent says.
import { readFileSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { RunningSubject, StartSubject } from "../subjects/subject.js";
import { obeyParent } from "./obey.js";
import { loadPeer } from "./peers.js";
import type { Look, SubjectAnswer, SubjectOrder } from "./subject-orders.js";
import { Workshop } from "./work.js";

/** What is found from here, and not from the peers' folder. */
const OWN = /^(millrace|undici|@aws-sdk)/;

let workshop = new Workshop({ kind: "none" });
let running: RunningSubject | undefined;

/** Linux: docs.kernel.org/scheduler/sched-stats.html, of the main thread. */
function readHeldUpMs(): number {
  if (process.platform !== "linux") return 0;
  const [, waitedNanoseconds] = readFileSync("/proc/self/schedstat", "utf8").split(" ");
  return Number(waitedNanoseconds) / 1_000_000;
}

function look(): Look {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    handled: workshop.handled,
    begun: workshop.begun,
    cpuMicroseconds: user + system,
    atMs: performance.now(),
    heldUpMs: readHeldUpMs(),
    residentBytes: rss,
    heapBytes: heapUsed + external,
  };
}

/** Twice, as the engine itself holds things that it lets go of by the second time: what `WeakRef`s were made for, say. */
async function collectGarbage(): Promise<void> {
  for (let times = 0; times < 2; times += 1) {
    await nextTurn();
    globalThis.gc?.();
  }
}

async function load(names: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  for (const name of names) await (OWN.test(name) ? import(name) : loadPeer(name));
  return performance.now() - startedAt;
}

async function obey(order: SubjectOrder): Promise<SubjectAnswer> {
  switch (order.kind) {
    case "start": {
      const { start } = (await import(`../subjects/${order.module}.js`)) as { start: StartSubject };
      workshop = new Workshop(order.work);
      running = await start(order.setup, workshop.handle);
      return {};
    }
    case "load":
      return { loadMs: await load(order.names) };
    case "look":
      if (order.collectsGarbage) await collectGarbage();
      return { look: look() };
    case "delays": {
      const { delays } = workshop;
      workshop.delays = [];
      return { delays };
    }
    case "endHold":
      workshop.endHold();
      return {};
    case "stop":
      await running?.stop();
      return { look: look() };
  }
}

obeyParent(obey);
