// Things that fall due, earliest first: leases, handler timeouts, delayed jobs, the timers of a virtual clock.

/** An item that a `DeadlineQueue` can hold. It carries its own place, so that taking it out needs no search. */
export interface Scheduled {
  /** When it falls due, in milliseconds of the clock in use. Change it only through `DeadlineQueue.add`. */
  dueAt: number;
  /** Its place in the queue; -1 while it is in none. */
  queueIndex: number;
}

/**
 * A binary heap whose items know their index:
 *
 * ```
 *            [0] due 5
 *           /         \
 *      [1] due 7    [2] due 9        parent(i) = (i - 1) >> 1
 *      /      \
 *  [3] due 8  [4] due 12
 * ```
 *
 * Items mostly arrive in the order in which they fall due, so adding is nearly free; removing from the middle costs
 * log n. Nothing that was removed stays referenced, which lazy deletion in a plain heap would do until its deadline.
 */
export class DeadlineQueue<Item extends Scheduled> {
  readonly #items: Item[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The item that falls due first. */
  peek(): Item | undefined {
    return this.#items[0];
  }

  /** Adds the item, or moves it when it is in the queue already. */
  add(item: Item, dueAt: number): void {
    item.dueAt = dueAt;
    if (item.queueIndex === -1) {
      item.queueIndex = this.#items.length;
      this.#items.push(item);
    }
    if (this.#items.length > 1) this.#siftDown(this.#siftUp(item));
  }

  /** Takes the item out; does nothing when it is not in the queue. */
  remove(item: Item): void {
    const index = item.queueIndex;
    if (index === -1) return;
    item.queueIndex = -1;
    const last = this.#items.pop() as Item;
    if (last === item) return;
    this.#place(last, index);
    this.#siftDown(this.#siftUp(last));
  }

  /** Takes out the first item if it is due by `time`. */
  takeDue(time: number): Item | undefined {
    const first = this.#items[0];
    if (first === undefined || first.dueAt > time) return undefined;
    this.remove(first);
    return first;
  }

  #place(item: Item, index: number): void {
    this.#items[index] = item;
    item.queueIndex = index;
  }

  #siftUp(item: Item): Item {
    let index = item.queueIndex;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#items[parentIndex] as Item;
      if (parent.dueAt <= item.dueAt) break;
      this.#place(parent, index);
      index = parentIndex;
    }
    this.#place(item, index);
    return item;
  }

  #siftDown(item: Item): void {
    const { length } = this.#items;
    let index = item.queueIndex;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= length) break;
      const right = this.#items[childIndex + 1];
      if (right !== undefined && right.dueAt < (this.#items[childIndex] as Item).dueAt) childIndex += 1;
      const child = this.#items[childIndex] as Item;
      if (item.dueAt <= child.dueAt) break;
      this.#place(child, index);
      index = childIndex;
    }
    this.#place(item, index);
  }
}
