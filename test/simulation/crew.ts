// Puts the consumers of a history into their processes, before the service.
import type { ConsumerGroup, PoolWorker, SqsPort, Worker } from "millrace";
import {
  type ConsumerParts,
  createConsumer,
  createGroup,
  createPool,
  createWorker,
  Resources,
} from "./consumer-parts.js";
import type { ConsumerPlan } from "./history.js";
import { Member } from "./member.js";
import { OrderOfMoments } from "./order-of-moments.js";
import { Process } from "./process.js";
import type { Sabotage } from "./sabotage.js";
import { createWitnessPort, type Witness } from "./witness-port.js";
import type { World } from "./world.js";

/** The most that may wait in the pool that a consumer makes itself. */
const OWN_ROOM = 1_000;

export interface Crew {
  readonly members: readonly Member[];
  readonly group: ConsumerGroup<undefined> | undefined;
  readonly order: OrderOfMoments | undefined;
}

/** What a crew is told of. */
export type WitnessOf = (index: number, process: Process) => Witness;

export function createCrew(world: World, witnessOf: WitnessOf): Crew {
  const { history, clock } = world;
  const { consumers, shuffleSeed } = history;
  const order = shuffleSeed === undefined ? undefined : new OrderOfMoments(clock, shuffleSeed);
  const parts = consumers.map((plan, index) => createParts(world, { plan, index, order, witnessOf }));
  if (history.group === undefined) {
    return {
      members: consumers.map((plan, index) => createAlone(world, plan, parts[index] as Prepared)),
      group: undefined,
      order,
    };
  }
  const pool = createPool(history.group.pool, undefined, { clock, resources: new Resources(), isHostile: false });
  const group = createGroup(
    history.group,
    consumers.map((plan, index) => ({ plan, parts: parts[index] as Prepared })),
    pool,
  );
  const members = consumers.map((plan, index) =>
    createShared(world, { plan, prepared: parts[index] as Prepared, group, pool }),
  );
  return { members, group, order };
}

interface Prepared extends ConsumerParts {
  readonly index: number;
  readonly resources: Resources;
}

interface Planned {
  readonly plan: ConsumerPlan;
  readonly index: number;
  readonly order: OrderOfMoments | undefined;
  readonly witnessOf: WitnessOf;
}

function createParts(world: World, { plan, index, order, witnessOf }: Planned): Prepared {
  const { history, clock, sabotage, random, service } = world;
  const process = new Process({
    clock,
    random,
    order,
    stalls: history.stalls.filter(({ consumer }) => consumer === index || history.group !== undefined),
    timerSkewMs: plan.timerSkewMs,
    idleShare: history.idleShare,
  });
  const resources = new Resources();
  const port: SqsPort = createWitnessPort(service.sqs, index, witnessOf(index, process));
  const surroundings = {
    clock,
    resources,
    isHostile: plan.isHostile,
    weightOf: (body: string | undefined) => world.handlers.weightOf(body),
  };
  return {
    index,
    resources,
    process,
    random,
    queueUrl: service.queueUrls[plan.queue] as string,
    port: sabotage.port(port),
    handler: sabotage.handler(
      world.handlers.createHandler({ consumer: index, process, batches: batchesOf(plan, sabotage) }),
    ),
    retry: sabotage.retry,
    worker: sabotage.worker?.() ?? createWorker(plan, surroundings),
  };
}

function batchesOf({ batches }: ConsumerPlan, { batchSize }: Sabotage): ConsumerPlan["batches"] {
  return batches === undefined || batchSize === undefined ? batches : { ...batches, size: batchSize };
}

function createAlone({ history }: World, plan: ConsumerPlan, prepared: Prepared): Member {
  const { worker } = plan;
  const slots =
    worker.kind === "pool" ? worker.maxWorkers : worker.kind === "semaphore" ? worker.permits : slotsOf(plan);
  const room = worker.kind === "pool" ? worker.waitingRoom : worker.kind === "semaphore" ? 0 : OWN_ROOM;
  return new Member({
    ...prepared,
    plan,
    slots,
    room,
    consumer: createConsumer(plan, prepared),
    isFifo: history.queues[plan.queue]?.isFifo === true,
    pool: worker.kind === "pool" ? (prepared.worker as Worker as PoolWorker | undefined) : undefined,
  });
}

function slotsOf({ worker }: ConsumerPlan): number {
  return worker.kind === "own" ? worker.concurrency : 1;
}

interface Shared {
  readonly plan: ConsumerPlan;
  readonly prepared: Prepared;
  readonly group: ConsumerGroup<undefined>;
  readonly pool: PoolWorker;
}

function createShared({ history }: World, { plan, prepared, group, pool }: Shared): Member {
  const { maxWorkers = 1, waitingRoom = 0 } = history.group?.pool ?? {};
  const consumer = group.get(String(prepared.index));
  if (consumer === undefined) throw new Error("A group has the queues that it was made with");
  const isFifo = history.queues[plan.queue]?.isFifo === true;
  return new Member({ ...prepared, plan, slots: maxWorkers, room: waitingRoom, consumer, isFifo, pool });
}
