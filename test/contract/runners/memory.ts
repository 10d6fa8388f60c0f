// The embedded job queue as a subject of the runner contract. Nothing of it can fail: there is no service behind it.
import { type Job, type JobStatus, MemoryRunner } from "millrace";
import { inVirtualTime, type RunnerSubject, VirtualClock } from "millrace/testing";

export const memorySubject: RunnerSubject<string> = {
  traits: {
    hasDelays: true,
    hasDeadLetters: true,
    dropsAreDead: true, // Both have failed.
    countsAttempts: true,
    takesBack: true,
    showsLeftovers: true,
  },
  createHarness() {
    const clock = new VirtualClock();
    const runner = new MemoryRunner<string>({ clock, maxAttempts: Infinity });
    const jobs: Array<Job<string>> = [];
    const count = (wanted: JobStatus): number => jobs.filter(({ status }) => status === wanted).length;
    return {
      clock,
      until: inVirtualTime(clock),
      createRunner: () => runner, // The source itself.
      send: (bodies) => void jobs.push(...bodies.map((body) => runner.enqueue(body))),
      bodyOf: (body) => body,
      look: () => ({ ready: count("waiting"), held: count("running"), dead: count("failed") }),
      takeBack: (body) => jobs.find(({ payload }) => payload === body)?.halt(),
      leftovers: () => (clock.pendingTimers === 0 ? [] : [`${clock.pendingTimers} timers`]),
    };
  },
};
