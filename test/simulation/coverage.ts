// What a search has met: a search that never draws something finds nothing there.

/** Everything that is to be met in a search of some thousand histories, by where it stands in the table. */
const MEETINGS = {
  worker: [
    "pool",
    "own pool",
    "semaphore",
    "weighted semaphore",
    "share of a group",
    "resources",
    "batches",
    "tenants",
    "rate",
    "byte budget",
    "fifo queue",
    "redrive policy",
    "two consumers",
    "hostile listeners",
    "listeners that stop and start",
  ],
  said: [
    "return",
    "returnText",
    "ack",
    "drop",
    "deadLetter",
    "retry",
    "release",
    "throwError",
    "throwUndefined",
    "throwText",
    "throwRetry",
    "retry that pauses the queue",
    "retry that pauses the tenant",
    "extend",
    "synchronous",
    "without a signal",
    "ended after its signal",
    "heeded its signal",
  ],
  settled: ["ack", "retry", "release", "drop", "deadLetter", "lost"],
  "stop called": [
    "idle",
    "starting",
    "running",
    "stopping",
    "stopped",
    "in a handler",
    "at once with the start",
    "twice",
    "without time",
    "without limit",
    "with handlers running",
    "with messages waiting",
    "in an outage",
  ],
  "stop left": ["nothing", "handlers aborted", "handlers abandoned", "settlements lost", "messages given back"],
  start: ["after a stop", "while running", "while stopping", "refused", "stopped meanwhile"],
  change: ["pause", "resume", "set rate", "resize up", "resize down", "set tenants", "update a queue"],
  switch: [
    "outage",
    "access denied",
    "duplicates",
    "duplicatesInOneReceive",
    "reordering",
    "emptyShortPolls",
    "shortReceives",
    "throttling",
    "serverErrors",
    "connectionResets",
    "lostAnswers",
    "hangs",
    "failedEntries",
    "oldReceiptHandlesWork",
    "latencyMs",
    "all at once",
  ],
  request: [
    "throttled",
    "500 or 503",
    "connection reset",
    "access denied",
    "entries failed",
    "entries failed for good",
    "aborted by a stop",
    "given up",
  ],
  message: [
    "duplicate of one in flight",
    "duplicate of one deleted",
    "twice in a receive",
    "repeated receive",
    "old handle",
    "redelivered while here",
    "lease lost waiting",
    "lease lost running",
    "visibility shorter than the handler",
    "redriven",
    "twelve hours",
  ],
  time: [
    "things in another order",
    "process that stands still",
    "timers that are not exact",
    "no time to spare",
    "wall clock set",
    "hours",
  ],
  error: [
    "HANDLER_STUCK",
    "HANDLER_OVERDUE",
    "ACKNOWLEDGEMENT_LOST",
    "SETTLEMENT_FAILED",
    "DEAD_LETTER_FAILED",
    "DEAD_LETTER_QUEUE_UNKNOWN",
    "LEASE_EXTENSION_FAILED",
    "RETRY_POLICY_FAILED",
    "LISTENER_FAILED",
  ],
} as const;

type Section = keyof typeof MEETINGS;
type Meeting<Name extends Section> = (typeof MEETINGS)[Name][number];

/** How often each was met, and in how many histories. */
export class Coverage {
  readonly #times = new Map<string, number>();

  meet<Name extends Section>(section: Name, meeting: Meeting<Name>): void {
    const key = `${section}: ${meeting}`;
    this.#times.set(key, (this.#times.get(key) ?? 0) + 1);
  }

  /** Meets it if it is one of those that are looked for. */
  meetIfListed(section: Section, meeting: string): void {
    if ((MEETINGS[section] as readonly string[]).includes(meeting)) this.meet(section, meeting as never);
  }

  has<Name extends Section>(section: Name, meeting: Meeting<Name>): boolean {
    return this.#times.has(`${section}: ${meeting}`);
  }

  get entries(): Iterable<[key: string, times: number]> {
    return this.#times;
  }
}

/** A table as plain data, for another process. */
export interface CoverageSums {
  readonly histories: number;
  readonly sums: ReadonlyArray<readonly [key: string, sum: { readonly times: number; readonly histories: number }]>;
}

/** The sum of many histories. */
export class CoverageTable {
  readonly #sums = new Map<string, { times: number; histories: number }>();
  #histories = 0;

  constructor() {
    for (const [section, meetings] of Object.entries(MEETINGS)) {
      for (const meeting of meetings) this.#sums.set(`${section}: ${meeting}`, { times: 0, histories: 0 });
    }
  }

  add(coverage: Coverage): void {
    this.#histories += 1;
    for (const [key, times] of coverage.entries) {
      const sum = this.#sums.get(key);
      if (sum === undefined) continue;
      sum.times += times;
      sum.histories += 1;
    }
  }

  /** Adds what another process has met. */
  addSums({ histories, sums }: CoverageSums): void {
    this.#histories += histories;
    for (const [key, { times, histories: met }] of sums) {
      const sum = this.#sums.get(key);
      if (sum === undefined) continue;
      sum.times += times;
      sum.histories += met;
    }
  }

  toJSON(): CoverageSums {
    return { histories: this.#histories, sums: [...this.#sums] };
  }

  /** What was never met. */
  get missing(): string[] {
    return [...this.#sums].filter(([, { times }]) => times === 0).map(([key]) => key);
  }

  /** A line for each, such as `stop called: idle   1,204 times in 980 histories (9.8 %)`. */
  get lines(): string[] {
    return [...this.#sums].map(([key, { times, histories }]) => {
      const share = ((100 * histories) / Math.max(1, this.#histories)).toFixed(1);
      return `${key.padEnd(44)} ${format(times).padStart(12)} times in ${format(histories).padStart(8)} histories (${share} %)`;
    });
  }
}

function format(count: number): string {
  return count.toLocaleString("en");
}
