// What others use to start so many tasks at a time. Each has the same backlog as millrace's pool.
import { Semaphore } from "async-mutex";
import PQueue from "p-queue";
import { loadPeer } from "../support/peers.js";
import { BACKLOG, type CreateDispatcher, type Work } from "./dispatcher.js";

interface FastqModule {
  readonly promise: (worker: (work: Work) => Promise<void>, concurrency: number) => { push(work: Work): Promise<void> };
}

interface PLimitModule {
  readonly default: (concurrency: number) => (work: Work) => Promise<void>;
}

/** Of something that takes whatever it is given. */
function create(start: (concurrency: number) => Promise<(work: Work) => Promise<void>>): CreateDispatcher {
  return async ({ concurrency }) => {
    const run = await start(concurrency);
    const most = concurrency + BACKLOG;
    return {
      places: (offered, outstanding) => (outstanding + offered > most ? 0 : offered),
      push: (work) => void run(work),
      tellsOfPlaces: false,
    };
  };
}

export const fastq: CreateDispatcher = create(async (concurrency) => {
  const { promise } = await loadPeer<FastqModule>("fastq");
  const queue = promise((work) => work(), concurrency);
  return (work) => queue.push(work);
});

export const pLimit: CreateDispatcher = create(async (concurrency) => {
  const { default: limit } = await loadPeer<PLimitModule>("p-limit");
  return limit(concurrency);
});

export const pQueue: CreateDispatcher = create((concurrency) => {
  const queue = new PQueue({ concurrency });
  return Promise.resolve((work) => queue.add(work));
});

export const asyncMutex: CreateDispatcher = create((concurrency) => {
  const semaphore = new Semaphore(concurrency);
  return Promise.resolve((work) => semaphore.runExclusive(work));
});
