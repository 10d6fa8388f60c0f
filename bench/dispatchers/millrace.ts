// The two strategies of millrace, as a runner uses them: places are reserved, then tasks are accepted for them.
import { PoolWorker, SemaphoreWorker, type Task, type Worker } from "millrace";
import type { CreateDispatcher, DispatcherSetup, Work } from "./dispatcher.js";

/** What a consumer makes of a message, as far as a worker sees it. */
class WorkTask implements Task {
  readonly message: undefined;
  readonly groupId: undefined;
  readonly attempt: number = 1;
  readonly keyPausedForMs: number = 0;
  readonly #work: Work;

  constructor(work: Work) {
    this.#work = work;
  }

  run(_resource: unknown, onEnd: () => void): void {
    void this.#work().then(onEnd);
  }

  postpone(): void {
    throw new Error("Nothing is to be postponed");
  }
}

function create(
  createWorker: (setup: DispatcherSetup) => Worker,
  now: () => number = () => performance.now(),
): CreateDispatcher {
  return async (setup, placesFreed) => {
    const worker = createWorker(setup);
    await worker.start({
      clock: {
        now,
        setTimer(callback, delayMs) {
          const handle = setTimeout(callback, delayMs);
          return { cancel: () => clearTimeout(handle) };
        },
      },
      waitingForTurn: 0,
      placesFreed,
      report: (error) => console.error(error),
      workersChanged: () => undefined,
    });
    return {
      places: (offered) => worker.reserve(offered),
      push: (work) => worker.accept(new WorkTask(work)),
      tellsOfPlaces: true,
    };
  };
}

const createPool = ({ concurrency }: DispatcherSetup): Worker => new PoolWorker({ maxWorkers: concurrency });

export const pool: CreateDispatcher = create(createPool);
/** To see what reading the time costs: no other dispatcher does. */
export const timelessPool: CreateDispatcher = create(createPool, () => 0);
export const semaphore: CreateDispatcher = create(({ concurrency }) => new SemaphoreWorker({ permits: concurrency }));
