// Makes the real consumers of a history from their plans: options, workers, retry policies, groups.
import {
  constantRetry,
  Consumer,
  ConsumerGroup,
  deadLetter,
  exponentialRetry,
  type Handler,
  type Message,
  PoolWorker,
  type RetryPolicy,
  SemaphoreWorker,
  type SqsConsumerOptions,
  type SqsPort,
  type TenantOptions,
  type Worker,
} from "millrace";
import type { RandomSource, VirtualClock } from "millrace/testing";
import { LARGEST_MESSAGE_BYTES } from "./drawing/messages.js";
import type { ConsumerPlan, GroupPlan, PoolPlan, RatePlan, TenantPlan } from "./history.js";
import type { Process } from "./process.js";

/** What a consumer is made of besides its plan. */
export interface ConsumerParts {
  readonly queueUrl: string;
  readonly port: SqsPort;
  readonly handler: Handler<Message>;
  readonly process: Process;
  readonly random: RandomSource;
  /** Instead of the planned retry policy. */
  readonly retry: RetryPolicy | undefined;
  /** Instead of the planned worker. */
  readonly worker: Worker | undefined;
}

/** What the workers of a pool own: counted, as a stop is to leave none. */
export class Resources {
  starting = 0;
  alive = 0;
  failures = 0;
}

export function createConsumer(plan: ConsumerPlan, parts: ConsumerParts): Consumer {
  const { worker } = parts;
  const options = { ...optionsOf(plan, parts), maxSettleRequests: plan.maxSettleRequests };
  if (worker !== undefined) return new Consumer(parts.handler, { ...options, worker });
  if (plan.worker.kind !== "own") throw new Error("A consumer without a worker makes its own pool");
  const { concurrency } = plan.worker;
  return new Consumer(parts.handler, { ...options, concurrency, tenants: toTenants(plan.tenants) });
}

/** All consumers as the queues of one group. */
export function createGroup(
  plan: GroupPlan,
  members: ReadonlyArray<{ readonly plan: ConsumerPlan; readonly parts: ConsumerParts }>,
  pool: PoolWorker,
): ConsumerGroup<undefined> {
  const [first] = members;
  if (first === undefined) throw new Error("A group has at least one queue");
  return new ConsumerGroup(first.parts.handler, {
    pool,
    clock: first.parts.process,
    sharedReceives: plan.sharedReceives,
    sharedSettleRequests: plan.sharedSettleRequests,
    queues: members.map(({ plan: { worker, ...own }, parts }, index) => {
      const { clock: _clock, ...options } = optionsOf({ worker, ...own }, parts);
      const { weight, priority, maxRunning } = worker.kind === "share" ? worker : ({} as never);
      const tenants = toTenants(own.tenants);
      return {
        ...options,
        weight,
        priority,
        maxRunning,
        tenants,
        name: String(index),
        handler: parts.handler as never,
      };
    }),
  });
}

function optionsOf(plan: ConsumerPlan, parts: ConsumerParts): SqsConsumerOptions & { clock: Process } {
  const { queueUrl, port, process, random, retry } = parts;
  const { maxInFlightMessages } = plan;
  return {
    queueUrl,
    client: port,
    random,
    clock: process,
    retry: retry ?? createRetry(plan, random),
    rate: toRate(plan.rate),
    maxMessageBytes: maxInFlightMessages === undefined ? undefined : LARGEST_MESSAGE_BYTES,
    maxInFlightBytes: maxInFlightMessages === undefined ? undefined : maxInFlightMessages * LARGEST_MESSAGE_BYTES,
    visibilityTimeoutSeconds: plan.visibilityTimeoutSeconds,
    waitTimeSeconds: plan.waitTimeSeconds,
    maxReceives: plan.maxReceives,
    settleMaxAgeMs: plan.settleMaxAgeMs,
    maxUnconfirmed: plan.maxUnconfirmed,
    pollGraceMs: plan.pollGraceMs,
    requestTimeoutMs: plan.requestTimeoutMs,
    abortGraceMs: plan.abortGraceMs,
    handlerTimeoutMs: plan.handlerTimeoutMs,
    overdueAfterMs: plan.overdueAfterMs,
    logger: plan.isHostile ? HOSTILE_LOGGER : undefined,
  };
}

/** The worker that the plan names; undefined where the consumer makes it, or the group has it. */
export function createWorker(
  { worker, tenants }: Pick<ConsumerPlan, "worker" | "tenants">,
  surroundings: {
    clock: VirtualClock;
    resources: Resources;
    isHostile: boolean;
    weightOf: (body: string | undefined) => number;
  },
): Worker | undefined {
  if (worker.kind === "pool") return createPool(worker, tenants, surroundings);
  if (worker.kind !== "semaphore") return undefined;
  const { permits, isWeighted } = worker;
  const weight = isWeighted ? (message: Message) => surroundings.weightOf(message.Body) : undefined;
  return new SemaphoreWorker<Message>({ permits, weight });
}

export function createPool(
  { resource, kind: _kind, ...sizes }: PoolPlan,
  tenants: TenantPlan | undefined,
  { clock, resources, isHostile }: { clock: VirtualClock; resources: Resources; isHostile: boolean },
): PoolWorker {
  const options = { ...sizes, tenants: toTenants(tenants) as TenantOptions | undefined };
  if (resource === undefined) return new PoolWorker(options);
  return new PoolWorker<number>({
    ...options,
    onWorkerStart: async ({ id }) => {
      resources.starting += 1;
      if (resource.startMs > 0) await new Promise<void>((done) => clock.setTimer(() => done(), resource.startMs));
      resources.starting -= 1;
      if (resources.failures < resource.failures) {
        resources.failures += 1;
        throw new Error("a resource could not be made");
      }
      resources.alive += 1;
      return id;
    },
    onWorkerStop: () => {
      resources.alive -= 1;
      if (isHostile) throw new Error("a resource could not be ended");
    },
  }) as never;
}

export function toRate(plan: RatePlan | undefined): { perSecond: number; burst?: number } | undefined {
  if (plan === undefined) return undefined;
  return { perSecond: plan.perSecond, ...(plan.burst !== undefined && { burst: plan.burst }) };
}

export function toTenants(plan: TenantPlan | undefined): TenantOptions<Message> | undefined {
  if (plan === undefined) return undefined;
  const { maxRunning, rate, maxWaitMs, keepFromAttempt } = plan;
  return { maxRunning, rate: toRate(rate), maxWaitMs, keepFromAttempt, maxAwayMs: 60_000 };
}

function createRetry({ retry }: ConsumerPlan, random: RandomSource): RetryPolicy | undefined {
  switch (retry) {
    case "default":
      return undefined;
    case "exponential":
      return exponentialRetry({ baseSeconds: 2, maxSeconds: 40, random });
    case "constant":
      return constantRetry({ delaySeconds: 3 });
    case "deadLetter":
      return () => deadLetter("the policy says so");
    case "throws":
      return () => {
        throw new Error("a retry policy has failed");
      };
    case "nonsense":
      return () => "soon" as never;
  }
}

function fail(): never {
  throw new Error("a logger has failed");
}

const HOSTILE_LOGGER = { debug: fail, info: fail, warn: fail, error: fail };
