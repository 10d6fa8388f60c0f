// Processes are killed, or told to end, while a queue drains through their successors: none lost, and none done twice without
// a reason. `npm run crashes` does the same at full size.
import { describe, expect, it } from "vitest";
import { CLIENTS } from "./clients.js";
import { drain } from "./drain.js";

const SEED = 1;

describe.concurrent("a drain through processes that end", () => {
  it("12 by SIGKILL: each message is handled, and twice only what a killed process had in hand", async () => {
    const account = await drain({
      seed: SEED,
      messages: 750,
      crashes: 12,
      signal: "SIGKILL",
      grace: "enough",
      clients: CLIENTS,
    });
    expect(account.complaints).toEqual([]);
    expect(account).toMatchObject({ sent: 750, deleted: 750, handled: 750 });
    expect(account.crashes).toHaveLength(12);
    for (const { duplicates, inHand } of account.crashes) expect(duplicates).toBeLessThanOrEqual(inHand);
    expect(account.duplicates).toBeGreaterThan(0); // Or the kills have hit nothing.
  });

  it("12 by SIGTERM: each message is handled once, and nothing is kept from others", async () => {
    const account = await drain({
      seed: SEED,
      messages: 750,
      crashes: 12,
      signal: "SIGTERM",
      grace: "enough",
      clients: CLIENTS,
    });
    expect(account.complaints).toEqual([]);
    expect(account).toMatchObject({ sent: 750, deleted: 750, handled: 750, duplicates: 0 });
    expect(account.crashes).toHaveLength(12);
    expect(account.returnWaitsMs.length).toBeGreaterThan(0);
  });

  it("by SIGTERM, with less time than handlers take: no more is done twice than was cut off", async () => {
    const account = await drain({
      seed: SEED,
      messages: 60,
      crashes: 3,
      signal: "SIGTERM",
      grace: "too little",
      clients: CLIENTS,
    });
    expect(account.complaints).toEqual([]);
    expect(account).toMatchObject({ sent: 60, deleted: 60, handled: 60 });
    const aborted = account.crashes.reduce((sum, { handlersAborted }) => sum + handlersAborted, 0);
    expect(account.duplicates).toBeLessThanOrEqual(aborted);
  });
});
