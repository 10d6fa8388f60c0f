// A direct client keeps no process.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, it } from "vitest";
import { HttpQueue, isolateAwsEnvironment } from "../../support/http-queue.js";

beforeEach(() => isolateAwsEnvironment());

it("a process ends by itself while the sockets of its client are idle", async () => {
  await using queue = await HttpQueue.create();
  const program = fileURLToPath(new URL("../../support/idle-direct-client.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", program], {
    env: { ...process.env, QUEUE_URL: queue.url },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 20_000,
  });
  let answeredAt = 0;
  child.stdout.on("data", () => (answeredAt = performance.now()));
  const [code] = (await once(child, "exit")) as [number | null];
  expect(code).toBe(0);
  // Its sockets would be kept for half a minute.
  expect(performance.now() - answeredAt).toBeLessThan(5_000);
});
