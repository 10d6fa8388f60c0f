// docs/options.md names every option, its default and its range, as the code has them.
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import {
  constantRetry,
  Consumer,
  ConsumerGroup,
  exponentialRetry,
  inBatches,
  MemoryRunner,
  OptionError,
  PoolWorker,
  SemaphoreWorker,
  SqsRunner,
} from "millrace";
import { directClient } from "millrace/direct";
import { LambdaRunner } from "millrace/lambda";
import { RabbitRunner } from "millrace/rabbitmq";
import { inThreads } from "millrace/threads";
import { describe, expect, it, vi } from "vitest";
import { readStopTimeoutMs } from "../../../src/consumer/stop.js";
import { OptionReader } from "../../../src/internal/options.js";
import { readTenantOptions } from "../../../src/worker/tenant.js";

interface Row {
  readonly name: string;
  readonly fallback: string;
  readonly range: string;
}

interface Numbers {
  readonly fallback: number | undefined;
  readonly min: number;
  readonly max: number;
  readonly isInteger: boolean;
}

const queueUrl = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders";

/** What takes the options of each section of the page. What a section requires is given beside them. */
const sections: Readonly<Record<string, (options: object) => unknown>> = {
  Consumer: (options) => new Consumer(() => undefined, { runner: new MemoryRunner(), ...options }),
  SqsRunner: (options) => new SqsRunner({ queueUrl, ...options }),
  PoolWorker: (options) => new PoolWorker(options),
  share: (options) => new PoolWorker().share(options),
  tenants: (options) => readTenantOptions(options),
  ConsumerGroup: (options) => new ConsumerGroup(() => undefined, options),
  discover: (options) => new ConsumerGroup(() => undefined, { discover: { queueNamePrefix: "orders-", ...options } }),
  SemaphoreWorker: (options) => new SemaphoreWorker(options),
  inBatches: (options) => inBatches(() => undefined, options),
  directClient: (options) => directClient(options),
  inThreads: (options) => inThreads("vitest.config.ts", options),
  exponentialRetry: (options) => exponentialRetry(options),
  constantRetry: (options) => constantRetry(options),
  stop: (options) => readStopTimeoutMs(options),
  MemoryRunner: (options) => new MemoryRunner(options),
  LambdaRunner: (options) => new LambdaRunner({ runtimeApi: "127.0.0.1:9001", ...options }),
  RabbitRunner: (options) => new RabbitRunner({ url: "amqp://localhost", queue: "jobs", ...options }),
  enqueue: (options) => new MemoryRunner().enqueue("job", options),
};

/** The sections that have the options which are taken besides: they are not said twice. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  Consumer: ["SqsRunner"],
  ConsumerGroup: ["Consumer", "SqsRunner"],
};

const page = readFileSync("docs/options.md", "utf8");

/** The rows of a section's table, in order. */
function tableOf(section: string): Row[] {
  const text = page.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? "";
  return [...text.matchAll(/^\| `(\w+)` *\|([^|]*)\|([^|]*)\|/gm)].map(([, name = "", fallback = "", range = ""]) => {
    return { name, fallback: fallback.trim(), range: range.trim() };
  });
}

/** The same, by name. */
function rowsOf(section: string): Map<string, Row> {
  return new Map(tableOf(section).map((row) => [row.name, row]));
}

/** The numbers that the page says. A range may end at another option, of which the default counts. */
function numbersOf({ fallback, range }: Row, rows: ReadonlyMap<string, Row>): Numbers {
  const [, min = "", max = "", isWhole] = /^(-?[\d,.]+) to (Infinity|[\d,.]*\d|`\w+`)(, whole)?$/.exec(range) ?? [];
  const limit = max.startsWith("`") ? (rows.get(max.slice(1, -1))?.fallback ?? "") : max;
  const isInteger = isWhole !== undefined;
  return { fallback: numberOf(fallback), min: numberOf(min), max: numberOf(limit), isInteger };
}

function numberOf(text: string): number {
  if (text === "the machine's cores") return availableParallelism();
  const [digits = "none"] = /^(Infinity|-?\d[\d,.]*\d|\d)/.exec(text) ?? [];
  return Number(digits.replaceAll(",", ""));
}

/** The numbers that the code reads, by option. */
function numbersRead(section: string): Map<string, Numbers> {
  const read = vi.spyOn(OptionReader.prototype, "number");
  sections[section]?.({});
  const owned = rowsOf(section);
  const numbers = read.mock.calls
    .filter(([name]) => owned.has(name))
    .map(([name, { fallback, min, max, isInteger = false }]): [string, Numbers] => [
      name,
      { fallback, min, max, isInteger },
    ]);
  read.mockRestore();
  return new Map(numbers);
}

/** The names that the code knows: it lists them when it meets another. */
function namesKnown(section: string): string[] {
  try {
    sections[section]?.({ nonsense: true });
  } catch (error) {
    if (error instanceof OptionError) return /\((.+)\)/.exec(error.expected)?.[1]?.split(", ") ?? [];
  }
  return [];
}

describe.each(Object.keys(sections))("the options of %s", (section) => {
  const rows = rowsOf(section);

  it("are all on the page, and no others", () => {
    const known = namesKnown(section);
    expect(known).not.toEqual([]);
    const elsewhere = (ELSEWHERE[section] ?? []).flatMap((other) => [...rowsOf(other).keys()]);
    const own = known.filter((name) => rows.has(name) || !elsewhere.includes(name));
    const said = tableOf(section).map(({ name }) => name);
    expect(said.toSorted()).toEqual(own.toSorted());
  });

  it("have the defaults and ranges that the page says", () => {
    const read = numbersRead(section);
    const isNumeric = ({ range }: Row): boolean => /^-?\d/.test(range);
    const said = [...rows.values()].filter(isNumeric).map((row) => [row.name, numbersOf(row, rows)] as const);
    expect(Object.fromEntries(said)).toEqual(Object.fromEntries(read));
  });
});

it("the options of an SqsRunner that are lists have the defaults that the page says", () => {
  const read = vi.spyOn(OptionReader.prototype, "strings");
  new SqsRunner({ queueUrl });
  const said = [...rowsOf("SqsRunner").values()]
    .filter(({ range }) => range === "strings")
    .map(({ name, fallback }) => [name, JSON.parse(fallback.replaceAll("`", "")) as unknown]);
  expect(said).toEqual(read.mock.calls);
});

it("the README gives the same defaults", () => {
  const readme = readFileSync("README.md", "utf8");
  const rows = [...readme.matchAll(/^\| `(\w+)` *\| *(Infinity|[\d,]+) *\|/gm)];
  expect(rows.length).toBeGreaterThan(2);
  const all = new Map([...rowsOf("Consumer"), ...rowsOf("SqsRunner")]);
  for (const [, name = "", fallback = ""] of rows) expect([name, fallback]).toEqual([name, all.get(name)?.fallback]);
});
