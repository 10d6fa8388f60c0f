// A function in a container image: LambdaRunner as the main program of a process.
import { Consumer } from "millrace";
import { LambdaRunner } from "millrace/lambda";

const runner = new LambdaRunner();
const consumer = new Consumer(
  ({ Body = "" }) => {
    process.stdout.write(`started ${Body}\n`);
    if (Body === "failing") throw new Error("no");
    return Body.startsWith("stuck") ? new Promise(() => undefined) : undefined;
  },
  { runner, concurrency: 3, abortGraceMs: 50 },
);
process.once("SIGTERM", () => {
  void consumer.stop({ timeoutMs: Number(process.env["STOP_MS"]) }).then(() => process.exit());
});
await consumer.start();
