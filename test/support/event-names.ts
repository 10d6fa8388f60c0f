// The names of all events of a consumer: a record, so that a new one cannot be forgotten.
import type { ConsumerEvents } from "millrace";

const NAMES: Readonly<Record<keyof ConsumerEvents, true>> = {
  started: true,
  stopping: true,
  stopped: true,
  paused: true,
  resumed: true,
  messageStarted: true,
  messageFinished: true,
  messageFailed: true,
  settled: true,
  messageRevoked: true,
  workerSpawned: true,
  workerReleased: true,
  error: true,
  received: true,
  backedOff: true,
  redelivered: true,
  leasesExtended: true,
};

export const EVENT_NAMES = Object.keys(NAMES) as ReadonlyArray<keyof ConsumerEvents>;
