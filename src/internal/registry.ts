// What is here now, by key: a Map for entries that come and go all the time.

/** So many entries come before a map is given up for a new one. */
const ENTRIES_A_MAP = 1_024;
/** Where some entries stay for long, all are copied, but so many have come for each of them: it costs next to nothing then. */
const ENTRIES_A_COPY = 8;

/**
 * Two maps, of which the younger takes what comes. When nothing is left of the older, or little beside what has come since, the
 * younger takes its place:
 *
 * ```
 *   older    [ . . . d . f . . ]     only ever gets emptier
 *   younger  [ g h . j k       ]     takes what comes
 * ```
 *
 * The trap it avoids: V8 copies the table of a `Map` again and again as entries come and go, and each table refers to the one
 * that came after it, with what was in it then. Once one of them has grown old, which it does while a consumer is idle, every
 * entry stays in memory until the next full collection, though it was deleted: the quick collections that should have taken it
 * copy it instead, at three times the cost of everything else that is done for a message.
 *
 * The older is asked first: where there are so many entries that the processor's caches have not got them, those that go are
 * those that came first, as a rule.
 */
export class Registry<Key, Value> {
  #older = new Map<Key, Value>();
  #younger = new Map<Key, Value>();
  #added = 0;

  get size(): number {
    return this.#older.size + this.#younger.size;
  }

  get(key: Key): Value | undefined {
    return this.#older.size > 0 ? (this.#older.get(key) ?? this.#younger.get(key)) : this.#younger.get(key);
  }

  set(key: Key, value: Value): void {
    if (this.#added >= ENTRIES_A_MAP) this.#renew();
    if (this.#older.size > 0 && this.#older.has(key)) {
      this.#older.set(key, value);
      return;
    }
    this.#added += 1;
    this.#younger.set(key, value);
  }

  /** For what is its own key. */
  add(entry: Key & Value): void {
    this.set(entry, entry);
  }

  /** Answers whether it was there. */
  delete(key: Key): boolean {
    return (this.#older.size > 0 && this.#older.delete(key)) || this.#younger.delete(key);
  }

  /** Everything that is here, in the order in which it came. */
  values(): Value[] {
    return [...this.#older.values(), ...this.#younger.values()];
  }

  #renew(): void {
    if (this.#older.size === 0) this.#older = this.#younger;
    else if (this.#added >= ENTRIES_A_COPY * this.size) this.#older = new Map([...this.#older, ...this.#younger]);
    else return;
    this.#younger = new Map();
    this.#added = 0;
  }
}
