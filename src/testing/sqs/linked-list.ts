// A line whose members can leave from anywhere: visible messages, waiting polls.

/** What a `LinkedList` can hold. A member carries its own links and so can be in one list at a time. */
export interface Linked<Item> {
  previous: Item | undefined;
  next: Item | undefined;
}

/**
 * A doubly linked list whose links are in its items:
 *
 * ```
 *  first ──▶ [a] ⇄ [b] ⇄ [c] ◀── last
 * ```
 *
 * Adding at either end and removing from anywhere cost the same, however long it is. A `Set` keeps holes at its front
 * and becomes slow as a queue; an array must be searched.
 */
export class LinkedList<Item extends Linked<Item>> {
  #first: Item | undefined;
  #last: Item | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): Item | undefined {
    return this.#first;
  }

  append(item: Item): void {
    item.previous = this.#last;
    item.next = undefined;
    if (this.#last === undefined) this.#first = item;
    else this.#last.next = item;
    this.#last = item;
    this.#size += 1;
  }

  /** Takes out an item, which must be in this list. */
  remove(item: Item): void {
    const { previous, next } = item;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    item.previous = undefined;
    item.next = undefined;
    this.#size -= 1;
  }
}
