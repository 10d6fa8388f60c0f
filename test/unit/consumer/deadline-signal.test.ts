import { Consumer, type Intake, type Runner } from "millrace";
import { VirtualClock } from "millrace/testing";
import { expect, it } from "vitest";

it("a stop whose time is over ends the source's open requests before anything is given back", async () => {
  const clock = new VirtualClock();
  const log: string[] = [];
  const runner: Runner<string> = {
    async run(intake: Intake<string>) {
      await intake.take(1);
      const settle = (): void => void log.push(`settled at ${clock.now()}`);
      intake.deliver({ message: "a", attempt: 1, receivedAt: new Date(), settle });
      await new Promise((resolve) => {
        intake.deadlineSignal.addEventListener("abort", resolve);
      });
      log.push(`request ended at ${clock.now()}`);
    },
  };
  const heedful = (_message: string, { signal }: { signal: AbortSignal }): Promise<never> =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    });
  const consumer = new Consumer(heedful, { runner, concurrency: 1, clock });
  await clock.runUntil(consumer.start());
  await clock.runUntil(consumer.stop({ timeoutMs: 700 }));
  expect(log).toEqual(["request ended at 700", "settled at 700"]);
});
