// A runner with a defect, or none, as a subject of the runner contract. Its source can do everything.
import { inVirtualTime, type RunnerSubject, VirtualClock } from "millrace/testing";
import { BrokenRunner, type RunnerDefect } from "../broken-runners.js";
import { LEASE_MS, type Lent, SmallSource } from "../small-source.js";

export function brokenSubject(defect: RunnerDefect): RunnerSubject<Lent> {
  return {
    traits: {
      hasDelays: true,
      hasDeadLetters: true,
      countsAttempts: true,
      takesBack: true,
      hasLeases: true,
      leaseMs: LEASE_MS,
      canFail: true,
      canHang: true,
      canBeMissing: true,
      canBeLost: true,
      countsRequests: true,
      hasStats: true,
      showsLeftovers: true,
    },
    createHarness() {
      const clock = new VirtualClock();
      const source = new SmallSource(clock);
      return {
        clock,
        until: inVirtualTime(clock),
        createRunner: () => new BrokenRunner(source, { defect }),
        createRunnerWithoutSource: () => new BrokenRunner(source, { defect, exists: false }),
        send: (bodies) => source.send(bodies),
        bodyOf: ({ body }) => body,
        look: () => ({ ready: source.ready, held: source.held, dead: source.dead.length }),
        asked: () => source.requests,
        fail: () => source.fail(),
        lose: () => source.fail(),
        hang: () => void (source.condition = "hanging"),
        heal: () => void (source.condition = "sound"),
        takeBack: (body) => source.takeBack(body),
        leftovers() {
          const timers = clock.pendingTimers - source.timers;
          return [...(timers > 0 ? [`${timers} timers`] : []), ...(source.polls > 0 ? [`${source.polls} polls`] : [])];
        },
      };
    },
  };
}
