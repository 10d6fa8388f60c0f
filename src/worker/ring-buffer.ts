// The waiting room: first in, first out, in constant time.

const SMALLEST_CAPACITY = 16;

/**
 * A queue in an array whose length is a power of two, so that the index wraps with a mask instead of a division:
 *
 * ```
 *   capacity 8, mask 0b111              head = 6, size = 4
 *
 *   index   0   1   2   3   4   5   6   7
 *         [ c ][ d ][   ][   ][   ][   ][ a ][ b ]
 *               └ last: (head + size - 1) & mask
 * ```
 *
 * A slot is cleared when it is read: a popped message must not stay alive until the ring comes round to its slot.
 * The array doubles when it is full; who may enter is decided by whoever hands out the places.
 */
export class RingBuffer<Item> {
  #slots: Array<Item | undefined> = new Array<Item | undefined>(SMALLEST_CAPACITY).fill(undefined);
  #mask = SMALLEST_CAPACITY - 1;
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(item: Item): void {
    if (this.#size > this.#mask) this.#grow();
    this.#slots[(this.#head + this.#size) & this.#mask] = item;
    this.#size += 1;
  }

  shift(): Item | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & this.#mask;
    this.#size -= 1;
    return item;
  }

  /** The item that comes next. */
  peek(): Item | undefined {
    return this.#slots[this.#head];
  }

  /** Takes out everything, in order, and lets go of the array. */
  clear(): Item[] {
    const items: Item[] = [];
    while (this.#size > 0) items.push(this.shift() as Item);
    this.#slots = new Array<Item | undefined>(SMALLEST_CAPACITY).fill(undefined);
    this.#mask = SMALLEST_CAPACITY - 1;
    this.#head = 0;
    return items;
  }

  #grow(): void {
    const capacity = this.#slots.length * 2;
    const slots = new Array<Item | undefined>(capacity).fill(undefined);
    for (let index = 0; index < this.#size; index += 1) slots[index] = this.#slots[(this.#head + index) & this.#mask];
    this.#slots = slots;
    this.#mask = capacity - 1;
    this.#head = 0;
  }
}
