// RabbitMQ from the packed package, where its client is missing.
import { spawnSync } from "node:child_process";
import { expect, inject, it } from "vitest";

const PROGRAM = `
import { Consumer } from "millrace";
import { RabbitRunner } from "millrace/rabbitmq";

const runner = new RabbitRunner({ url: "amqp://127.0.0.1:1", queue: "jobs" });
const consumer = new Consumer(() => undefined, { runner });
await consumer.start().catch((error) => console.log(error.code, error.message));
console.log(consumer.state);
`;

it("a consumer is told what to install where amqplib is missing, and the process ends by itself", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", PROGRAM], {
    cwd: inject("alone"),
    encoding: "utf8",
    timeout: 20_000,
    env: {},
  });
  const told =
    "PEER_MISSING The package amqplib could not be loaded. Install it beside millrace: npm install amqplib@2";
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: `${told}\nstopped\n`, stderr: "" });
});
