// The options of the simulated service, read and checked.

import { OptionError } from "../../errors.js";
import { systemClock, type Clock } from "../../internal/clock.js";
import { copyList, OptionReader } from "../../internal/options.js";
import { safeRandom } from "../../internal/safe-random.js";
import { seededRandom, type RandomSource } from "../random.js";
import { noFaults, type FaultSettings } from "./faults.js";
import type { SimulatedSqsOptions } from "./simulated-service.js";

/** The names of all options, for those who pass them on. */
export const SIMULATED_SQS_OPTION_NAMES: ReadonlyArray<keyof SimulatedSqsOptions> = [
  "clock",
  "seed",
  "random",
  "region",
  "accountId",
  "endpoint",
  "startDate",
  "mostInFlight",
  "faults",
  "journal",
];

/** The options with nothing left open. */
export interface ResolvedSimulatedSqsOptions {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly region: string;
  readonly accountId: string;
  readonly endpoint: string;
  readonly startDate: Date;
  readonly mostInFlight: number;
  readonly faults: FaultSettings;
  readonly journal: NonNullable<SimulatedSqsOptions["journal"]>;
}

const OWN_START_DATE = new Date("2026-01-01T00:00:00Z");

/** @throws OptionError when an option cannot be used. */
export function resolveSimulatedSqsOptions(options: unknown): ResolvedSimulatedSqsOptions {
  const reader = new OptionReader("SimulatedSqs", options);
  const seed = reader.number("seed", { min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER, fallback: 1 });
  const clock = reader.object<Clock>("clock", "a clock", ["now", "setTimer"]);
  const region = reader.string("region", "us-east-1");
  const resolved = {
    clock: clock ?? systemClock,
    random: safeRandom(reader.function<RandomSource>("random") ?? seededRandom(seed)),
    region,
    accountId: reader.string("accountId", "000000000000"),
    endpoint: readEndpoint(reader, region),
    startDate: readStartDate(reader) ?? (clock === undefined ? new Date() : OWN_START_DATE),
    mostInFlight: reader.integer("mostInFlight", { min: 1, max: Infinity, fallback: 120_000 }),
    faults: readFaults(reader.raw("faults")),
    journal: readJournal(reader),
  };
  reader.finish();
  return resolved;
}

function readEndpoint(reader: OptionReader, region: string): string {
  const endpoint = reader.string("endpoint", `https://sqs.${region}.amazonaws.com`);
  if (URL.canParse(endpoint) || !reader.has("endpoint")) return endpoint;
  throw new OptionError("endpoint", "the beginning of a URL", endpoint);
}

function readStartDate(reader: OptionReader): Date | undefined {
  const value = reader.raw("startDate");
  if (value === undefined) return undefined;
  try {
    if (Number.isFinite(Date.prototype.getTime.call(value))) return value as Date;
  } catch {
    // Something else.
  }
  throw new OptionError("startDate", "a valid date", value);
}

function readJournal(reader: OptionReader): NonNullable<SimulatedSqsOptions["journal"]> {
  const value = reader.raw("journal");
  if (value === undefined) return false;
  if (typeof value === "boolean" || typeof value === "function") return value as boolean;
  throw new OptionError("journal", "true, false, or a function that is called with each entry", value);
}

function readFaults(value: unknown): FaultSettings {
  const faults = noFaults();
  if (value === undefined) return faults;
  try {
    const reader = new OptionReader("faults", value);
    for (const [name, off] of Object.entries(faults)) Object.assign(faults, { [name]: readFault(reader, name, off) });
    reader.finish();
    return faults;
  } catch (error) {
    throw error instanceof OptionError ? error.within("faults") : error;
  }
}

/** One switch; of which kind it is, tells its value when it is off. */
function readFault(reader: OptionReader, name: string, off: unknown): unknown {
  if (name === "latencyMs") return readLatency(reader);
  if (name === "operations") return reader.has(name) ? reader.strings(name, []) : undefined;
  if (name === "script") return reader.function(name);
  if (typeof off === "boolean") return reader.boolean(name, off);
  return reader.number(name, { min: 0, max: 1, fallback: Number(off) });
}

function readLatency(reader: OptionReader): FaultSettings["latencyMs"] {
  const value = reader.raw("latencyMs");
  if (value === undefined) return 0;
  const isTime = (time: unknown): boolean => typeof time === "number" && time >= 0 && time < Infinity;
  if (isTime(value)) return value as number;
  const pair = copyList(value);
  if (pair?.length === 2 && pair.every(isTime)) return pair as unknown as readonly [number, number];
  throw new OptionError("latencyMs", "milliseconds, or the least and the most of them", value);
}
