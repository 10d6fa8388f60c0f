// Every fault over one client, small: the plays run side by side, as they mostly wait.
import { beforeEach, describe, expect, it } from "vitest";
import { isolateAwsEnvironment } from "../support/http-queue.js";
import { CLIENTS } from "./clients.js";
import { FAULTS } from "./faults.js";
import { playFault, type Scale } from "./play.js";
import { findBroken } from "./promises.js";

const SCALE: Scale = {
  messages: 120,
  cycles: 2,
  faultMs: 100,
  strikes: 2,
  requestTimeoutMs: 500,
  visibilityTimeoutSeconds: 5,
  stopTimeoutMs: 500,
};

/** To be called once in a file, which then runs beside others. */
export function describeEveryFault(clientName: string): void {
  const client = CLIENTS.find(({ name }) => name === clientName);
  if (client === undefined) throw new Error(`there is no client ${clientName}`);
  // A process reads which certificates it trusts when it starts: tls.test.ts starts some.
  const plain = FAULTS.filter(({ isTls }) => isTls !== true);

  describe.concurrent(`over the ${clientName} client nothing is lost, and all goes on`, () => {
    beforeEach(() => isolateAwsEnvironment());

    it.each(plain)("$name: $what", async (fault) => {
      const outcome = await playFault(fault, client, SCALE);
      expect(findBroken(outcome, SCALE)).toEqual([]);
    });
  });
}
