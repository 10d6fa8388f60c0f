// Starts tasks with one dispatcher, or moves items through one queue, in a process of its own.
import type { CreateDispatcher, Dispatcher } from "../dispatchers/dispatcher.js";
import { obeyParent } from "./obey.js";
import { createQueue } from "../dispatchers/queues.js";

/** What is to be measured. */
export type DispatchOrder =
  | {
      readonly kind: "tasks";
      /** A file of `dispatchers`, and what it exports. */
      readonly module: string;
      readonly name: string;
      readonly concurrency: number;
      readonly warmUp: number;
      readonly tasks: number;
    }
  | { readonly kind: "queue"; readonly name: string; readonly depth: number; readonly cpuMs: number };

/** How many there were, and what they cost. */
export interface DispatchAnswer {
  readonly count: number;
  readonly cpuMicroseconds: number;
}

/** A runner brings ten at a time. */
const OFFERED = 10;

function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Starts so many tasks, keeps the dispatcher full meanwhile, and reads the CPU time of those after the warm-up. */
class Feeder {
  readonly #all: number;
  readonly #warmUp: number;
  #dispatcher: Dispatcher | undefined;
  #pushed = 0;
  #ended = 0;
  #isFeeding = false;
  #startedAt = 0;
  #finish: (cpuMicroseconds: number) => void = () => undefined;

  constructor({ warmUp, tasks }: { warmUp: number; tasks: number }) {
    this.#warmUp = warmUp;
    this.#all = warmUp + tasks;
  }

  run(dispatcher: Dispatcher): Promise<number> {
    this.#dispatcher = dispatcher;
    return new Promise((resolve) => {
      this.#finish = resolve;
      this.feed();
    });
  }

  feed(): void {
    if (this.#isFeeding || this.#dispatcher === undefined) return;
    this.#isFeeding = true;
    while (this.#pushed < this.#all) {
      const places = this.#dispatcher.places(OFFERED, this.#pushed - this.#ended);
      if (places === 0) break;
      this.#pushed += places;
      for (let place = 0; place < places; place += 1) this.#dispatcher.push(this.#work);
    }
    this.#isFeeding = false;
  }

  readonly #work = async (): Promise<void> => {
    this.#ended += 1;
    if (this.#ended === this.#warmUp) this.#startedAt = cpuMicroseconds();
    if (this.#ended === this.#all) this.#finish(cpuMicroseconds() - this.#startedAt);
    else if (this.#dispatcher?.tellsOfPlaces === false) this.feed();
  };

  /** What was pushed, and what has ended. */
  get counts(): readonly [pushed: number, ended: number] {
    return [this.#pushed, this.#ended];
  }
}

type TasksOrder = Extract<DispatchOrder, { kind: "tasks" }>;

async function measureTasks({ module, name, concurrency, warmUp, tasks }: TasksOrder): Promise<DispatchAnswer> {
  const dispatchers = (await import(`../dispatchers/${module}.js`)) as Record<string, CreateDispatcher>;
  const feeder = new Feeder({ warmUp, tasks: tasks + (tasks % OFFERED) });
  const dispatcher = await dispatchers[name]?.({ concurrency }, () => feeder.feed());
  if (dispatcher === undefined) throw new Error(`There is no ${name}`);
  const cpu = await feeder.run(dispatcher);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const [pushed, ended] = feeder.counts;
  if (pushed !== ended) throw new Error(`${name}: ${pushed} tasks were pushed, and ${ended} ended`);
  return { count: tasks, cpuMicroseconds: cpu };
}

/** Pushes one and takes one, with so many in between. */
function measureQueue({ name, depth, cpuMs }: Extract<DispatchOrder, { kind: "queue" }>): DispatchAnswer {
  const queue = createQueue(name);
  for (let index = 0; index < depth; index += 1) queue.push(index);
  let next = 0;
  const turn = (times: number): void => {
    for (let time = 0; time < times; time += 1) {
      queue.push(depth + next);
      if (queue.shift() !== next) throw new Error(`${name}: ${next} did not come in its turn`);
      next += 1;
    }
  };
  const workFor = (ms: number): DispatchAnswer => {
    const [before, first] = [cpuMicroseconds(), next];
    while (cpuMicroseconds() - before < ms * 1_000) turn(1_000);
    return { count: next - first, cpuMicroseconds: cpuMicroseconds() - before };
  };
  workFor(cpuMs / 2);
  return workFor(cpuMs);
}

obeyParent(async (order: DispatchOrder) => (order.kind === "tasks" ? measureTasks(order) : measureQueue(order)));
