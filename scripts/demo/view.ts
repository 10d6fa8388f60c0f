// How the demo is shown: a panel that is drawn over itself in a terminal, a line every second elsewhere.
import { createLogUpdate } from "log-update";
import pc from "picocolors";
import { drawColumns, formatCount, splitBar } from "./format.js";
import type { Snapshot } from "./snapshot.js";

/** Shows what happens while it happens. */
export interface View {
  /** How long it waits between two looks, in milliseconds. */
  readonly intervalMs: number;
  sending(sent: number, total: number): void;
  draining(snapshot: Snapshot, note: string): void;
  /** What was shown last stays. */
  done(): void;
}

/** A panel in a terminal; lines where there is none, or no wish for one. */
export function createView(mostWorkers: number): View {
  const { CI, NO_COLOR, TERM } = process.env;
  const isPlain = Boolean(CI) || Boolean(NO_COLOR) || TERM === "dumb" || !process.stdout.isTTY;
  return isPlain ? new PlainView() : new PanelView(mostWorkers);
}

/** Lines stay within 80 columns. */
const BAR_WIDTH = 48;
const HISTORY_WIDTH = 48;
/** One column of the history for so many looks: the whole panel then spans half a minute. */
const LOOKS_PER_COLUMN = 6;

class PanelView implements View {
  readonly intervalMs = 100;
  readonly #update = createLogUpdate(process.stdout);
  readonly #mostWorkers: number;
  readonly #workers: number[] = [];
  readonly #rates: number[] = [];
  #looks = 0;

  constructor(mostWorkers: number) {
    this.#mostWorkers = mostWorkers;
  }

  sending(sent: number, total: number): void {
    this.#update(`  ${pc.bold("sending")}       ${drawProgress(sent / total)} ${formatCount(sent)}`);
    if (sent === total) this.#update.done();
  }

  draining(snapshot: Snapshot, note: string): void {
    this.#remember(snapshot);
    this.#update(this.#draw(snapshot, note).join("\n"));
  }

  done(): void {
    this.#update.done();
  }

  #remember({ workers, rate }: Snapshot): void {
    if (this.#looks % LOOKS_PER_COLUMN === 0) {
      this.#workers.push(workers);
      this.#rates.push(rate);
    }
    this.#looks += 1;
  }

  #draw(now: Snapshot, note: string): string[] {
    const most = this.#mostWorkers;
    return [
      `  ${pc.bold("draining")}      ${drawProgress(now.gone / Math.max(1, now.total))} ${formatCount(now.gone)}`,
      "",
      row("messages/s", now.rate, pc.cyan(drawColumns(this.#rates, Math.max(1, ...this.#rates), HISTORY_WIDTH))),
      row("workers", now.workers, pc.green(drawColumns(this.#workers, most, HISTORY_WIDTH))),
      row("running", now.running, pc.green(splitBar(now.running / most, HISTORY_WIDTH)[0])),
      row("waiting room", now.waiting, pc.yellow(splitBar(now.waiting / 1_000, HISTORY_WIDTH)[0])),
      "",
      pair(["receives out", now.receivesInFlight], ["acknowledged", now.acknowledged]),
      pair(["to be confirmed", now.unconfirmed], ["retries", now.retried]),
      pair(["seconds", now.elapsedMs / 1_000], ["dead letters", now.dead]),
      "",
      `  ${"requests per message".padEnd(22)}${now.requestsPerMessage.toFixed(3)}${pc.dim("   the protocol's least is 0.200")}`,
      ...(note === "" ? [] : ["", `  ${pc.yellow(note)}`]),
    ];
  }
}

function drawProgress(share: number): string {
  const [filled, rest] = splitBar(share, BAR_WIDTH);
  return `${pc.cyan(filled)}${pc.dim(rest)} ${String(Math.floor(share * 100)).padStart(3)} %`;
}

function row(label: string, value: number, drawing: string): string {
  return `  ${label.padEnd(13)}${formatCount(value).padStart(7)}  ${drawing}`;
}

function pair(...cells: ReadonlyArray<readonly [label: string, value: number]>): string {
  return cells.map(([label, value]) => `  ${label.padEnd(16)}${formatCount(value).padStart(8)}`).join("      ");
}

const COLUMNS = [
  ["time", 5],
  ["gone", 8],
  ["rate", 9],
  ["running", 9],
  ["waiting", 9],
  ["workers", 9],
  ["polls", 7],
  ["retries", 9],
  ["dead", 6],
  ["req/msg", 9],
] as const;

class PlainView implements View {
  readonly intervalMs = 1_000;
  #lastSendingAt = -Infinity;
  #hasHeader = false;
  #lastNote = "";

  sending(sent: number, total: number): void {
    const now = performance.now();
    if (sent < total && now - this.#lastSendingAt < this.intervalMs) return;
    this.#lastSendingAt = now;
    console.log(`sending: ${formatCount(sent)} of ${formatCount(total)}`);
  }

  draining(now: Snapshot, note: string): void {
    if (!this.#hasHeader) console.log(`\n${COLUMNS.map(([name, width]) => name.padStart(width)).join("")}`);
    this.#hasHeader = true;
    const cells = [
      `${Math.round(now.elapsedMs / 1_000)} s`,
      formatCount(now.gone),
      `${formatCount(now.rate)}/s`,
      ...[now.running, now.waiting, now.workers, now.receivesInFlight, now.retried, now.dead].map(formatCount),
      now.requestsPerMessage.toFixed(3),
    ];
    console.log(COLUMNS.map(([, width], index) => (cells[index] ?? "").padStart(width)).join(""));
    if (note !== this.#lastNote) console.log(note);
    this.#lastNote = note;
  }

  done(): void {
    // Lines stay by themselves.
  }
}
