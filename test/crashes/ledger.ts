// What the handlers of one process have done, read from the file that it writes.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** Grows while the process lives; `read` catches up. */
export class Ledger {
  /** By message: when the handler was called with it, each time. */
  readonly began: Map<string, number[]> = new Map();
  /** Messages whose handler has returned. */
  readonly ended: Set<string> = new Set();
  readonly #path: string;
  #position = 0;
  #rest = "";

  constructor(path: string) {
    this.#path = path;
  }

  read(): this {
    const file = openSync(this.#path, "a+");
    try {
      const buffer = Buffer.alloc(fstatSync(file).size - this.#position);
      readSync(file, buffer, 0, buffer.length, this.#position);
      this.#position += buffer.length;
      this.#take(this.#rest + buffer.toString("latin1"));
    } finally {
      closeSync(file);
    }
    return this;
  }

  #take(text: string): void {
    const lines = text.split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const [event = "", id = "", at = ""] = line.split(" ");
      if (event === "began") this.began.set(id, [...(this.began.get(id) ?? []), Number(at)]);
      else this.ended.add(id);
    }
  }
}
