// Shows how far a bench is: one line that changes in a terminal, a line for each step elsewhere.
import { createLogUpdate } from "log-update";
import pc from "picocolors";

const WIDTH = 30;

/** What is shown while it runs. */
export interface Progress {
  /** A step begins. */
  begin(what: string): void;
  /** It has ended. */
  end(): void;
  /** All have. */
  done(): void;
}

/** For so many steps. */
export function createProgress(bench: string, steps: number): Progress {
  const { CI, NO_COLOR, TERM } = process.env;
  const isPlain = Boolean(CI) || Boolean(NO_COLOR) || TERM === "dumb" || !process.stdout.isTTY;
  return isPlain ? new PlainProgress(bench, steps) : new BarProgress(bench, steps);
}

class BarProgress implements Progress {
  readonly #update = createLogUpdate(process.stdout);
  readonly #bench: string;
  readonly #steps: number;
  readonly #startedAt = performance.now();
  #ended = 0;
  #what = "";
  readonly #timer = setInterval(() => this.#draw(), 250).unref();

  constructor(bench: string, steps: number) {
    this.#bench = bench;
    this.#steps = steps;
  }

  begin(what: string): void {
    this.#what = what;
    this.#draw();
  }

  end(): void {
    this.#ended += 1;
  }

  done(): void {
    clearInterval(this.#timer);
    this.#update.clear();
  }

  #draw(): void {
    const filled = Math.min(WIDTH, Math.round((this.#ended / this.#steps) * WIDTH));
    const seconds = Math.round((performance.now() - this.#startedAt) / 1_000);
    const bar = `${pc.cyan("█".repeat(filled))}${pc.dim("░".repeat(WIDTH - filled))}`;
    this.#update(`  ${pc.bold(this.#bench.padEnd(9))} ${bar} ${String(seconds).padStart(3)} s  ${this.#what}`);
  }
}

class PlainProgress implements Progress {
  readonly #bench: string;
  readonly #steps: number;
  #begun = 0;

  constructor(bench: string, steps: number) {
    this.#bench = bench;
    this.#steps = steps;
  }

  begin(what: string): void {
    this.#begun += 1;
    console.log(`${this.#bench} ${this.#begun}/${this.#steps}: ${what}`);
  }

  end(): void {
    // The next line says it.
  }

  done(): void {
    // Lines stay by themselves.
  }
}
