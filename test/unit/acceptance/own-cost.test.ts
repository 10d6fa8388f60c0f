// What millrace itself makes for a message. CPU is measured by `npm run bench:own-cost`, as it depends on the machine.
import { describe, expect, it } from "vitest";
import { measureConsumer } from "../../support/own-cost.js";

describe("the library's own cost of a message", () => {
  it.each([10, 100])("at most three promises, those of requests included (concurrency %d)", async (concurrency) => {
    const { promises } = await measureConsumer({ messages: 20_000, concurrency, countsPromises: true });
    expect(promises).toBeLessThanOrEqual(3);
  });

  it("at most three promises beside the handler's own and those of the port", async () => {
    const handler = (): Promise<void> => Promise.resolve();
    const { promises, requests } = await measureConsumer({
      messages: 20_000,
      concurrency: 10,
      countsPromises: true,
      handler,
    });
    const ofHandler = 1;
    const ofPort = requests;
    // They are whole promises: only the sum of the fractions is not exact.
    expect(Number((promises - ofHandler - ofPort).toFixed(6))).toBeLessThanOrEqual(3);
  });

  it.each([10, 100])("no timer: one for each request, to give it up (concurrency %d)", async (concurrency) => {
    const { timers, requests } = await measureConsumer({ messages: 20_000, concurrency, countsPromises: false });
    expect(requests).toBeLessThanOrEqual(0.21);
    // And now and then one for the age of a batch, the leases and the handlers' deadlines.
    expect(timers).toBeLessThanOrEqual(requests + 0.05);
  });
});
