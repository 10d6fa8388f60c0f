// Queues of items, first in, first out.
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { PEERS_FOLDER } from "../support/peers.js";

export interface Queue {
  push(item: number): void;
  shift(): number | undefined;
}

const { RingBuffer } = (await import(pathToFileURL(resolve("dist/worker/ring-buffer.js")).href)) as {
  RingBuffer: new () => Queue;
};
const Denque = createRequire(resolve(PEERS_FOLDER, "package.json"))("denque") as new () => Queue;

/** An empty one. */
export function createQueue(name: string): Queue {
  switch (name) {
    case "ring buffer":
      return new RingBuffer();
    case "denque":
      return new Denque();
    case "array":
      return [];
    default:
      throw new Error(`There is no queue "${name}"`);
  }
}
