// How a soak is shown while it runs: a panel that is drawn over itself in a terminal, a line a minute elsewhere.
import { createLogUpdate } from "log-update";
import pc from "picocolors";
import { drawColumns, formatCount, splitBar } from "../demo/format.js";
import type { Rest, Sample } from "./record.js";
import type { RoundEvent, SoakSettings } from "./settings.js";
import type { SoakWatcher } from "./soak.js";
import { formatTime, MIB } from "./verdict.js";

/** Shows a soak while it runs. */
export interface SoakView extends SoakWatcher {
  /** What was shown last stays. */
  done(): void;
}

/** A panel in a terminal; lines where there is none, or no wish for one. */
export function createView(settings: SoakSettings): SoakView {
  const { CI, NO_COLOR, TERM } = process.env;
  const isPlain = Boolean(CI) || Boolean(NO_COLOR) || TERM === "dumb" || !process.stdout.isTTY;
  return isPlain ? new PlainView(settings) : new PanelView(settings);
}

const WORDS: Readonly<Record<RoundEvent | "end", string>> = {
  burst: "a burst: ten times as many messages",
  steady: "steady",
  outage: "an outage: every request fails",
  outageOver: "steady",
  pause: "paused",
  resume: "steady",
  fewerSlots: "half of the slots",
  moreSlots: "half as many slots again",
  usualSlots: "steady",
  restart: "stop, a look at what is left, start",
  end: "no more messages: the last ones are handled",
};

const WIDTH = 48;

class PanelView implements SoakView {
  readonly #update = createLogUpdate(process.stdout);
  readonly #settings: SoakSettings;
  readonly #samples: Sample[] = [];
  #rest: Rest | undefined;
  #now = "steady";

  constructor(settings: SoakSettings) {
    this.#settings = settings;
  }

  sampled(sample: Sample): void {
    this.#samples.push(sample);
    this.#draw();
  }

  happened(event: RoundEvent | "end"): void {
    this.#now = WORDS[event];
    this.#draw();
  }

  rested(rest: Rest): void {
    this.#rest = rest;
    this.#now = "steady";
    this.#draw();
  }

  done(): void {
    this.#update.done();
  }

  #draw(): void {
    const last = this.#samples.at(-1);
    if (last === undefined) return;
    const { atSeconds, consumer, queue } = last;
    const [filled, rest] = splitBar(atSeconds / this.#settings.seconds, WIDTH);
    this.#update(
      [
        `  ${pc.bold("soak")}          ${pc.cyan(filled)}${pc.dim(rest)} ${formatTime(atSeconds)} of ${formatTime(this.#settings.seconds)}`,
        `  ${pc.dim(this.#now)}`,
        "",
        this.#row("memory, MiB", consumer.memoryBytes / MIB, (sample) => sample.consumer.memoryBytes),
        this.#row("in hand", inHand(last), inHand),
        this.#row("event loop, ms", consumer.delayP99Ms, (sample) => sample.consumer.delayP99Ms),
        this.#row("in the queue", queue.visible, (sample) => sample.queue.visible),
        "",
        `  ${formatCount(queue.deleted)} messages deleted, ${formatCount(queue.faultyRequests)} requests with a fault` +
          (this.#rest === undefined ? "" : `, ${(this.#rest.memoryBytes / MIB).toFixed(1)} MiB at rest`),
      ].join("\n"),
    );
  }

  #row(label: string, value: number, read: (sample: Sample) => number): string {
    const values = this.#samples.slice(-WIDTH).map(read);
    return `  ${label.padEnd(15)}${formatCount(value).padStart(6)}  ${pc.cyan(drawColumns(values, Math.max(1, ...values), WIDTH))}`;
  }
}

function inHand({ consumer }: Sample): number {
  return consumer.running + consumer.waiting + consumer.unconfirmed;
}

class PlainView implements SoakView {
  readonly #settings: SoakSettings;
  #last: Sample | undefined;

  constructor(settings: SoakSettings) {
    this.#settings = settings;
  }

  sampled(sample: Sample): void {
    this.#last = sample;
  }

  happened(event: RoundEvent | "end"): void {
    if (event === "end") console.log(WORDS.end);
  }

  /** Once a round. */
  rested({ atSeconds, memoryBytes }: Rest): void {
    if (this.#last === undefined) return;
    const { consumer, queue } = this.#last;
    const cells = [
      `${formatTime(atSeconds)} of ${formatTime(this.#settings.seconds)}`,
      `memory ${(memoryBytes / MIB).toFixed(1)} MiB at rest, ${(consumer.memoryBytes / MIB).toFixed(1)} under load`,
      `rss ${(consumer.rssBytes / MIB).toFixed(0)} MiB, of the queue ${(queue.rssBytes / MIB).toFixed(0)}`,
      `event loop p99 ${consumer.delayP99Ms.toFixed(0)} ms`,
      `${formatCount(queue.deleted)} deleted, ${formatCount(queue.visible)} in the queue`,
    ];
    console.log(cells.join("; "));
  }

  done(): void {
    // Lines stay by themselves.
  }
}
