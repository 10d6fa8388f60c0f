// Starts a RabbitMQ to try programs against: `npm run rabbitmq`. It needs Debian's package rabbitmq-server.
import { readOptions } from "./command-line.js";
import { RabbitBroker } from "./rabbitmq/broker.js";

const USAGE = `Usage: npm run rabbitmq

Runs a RabbitMQ of its own on free ports of this machine until Ctrl-C, and prints its URL.
All queues and messages are lost then. It needs the package rabbitmq-server of Debian or Ubuntu.
`;

async function main(): Promise<void> {
  process.stdout.write("RabbitMQ starts …\n");
  const broker = await RabbitBroker.start();
  process.stdout.write(`RabbitMQ listens on ${broker.address.url}\n\nCtrl-C ends it.\n`);
  let stopping: Promise<void> | undefined;
  const stop = (): void => {
    // npm passes a Ctrl-C on that the terminal has sent already.
    stopping ??= broker.stop();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
}

readOptions(USAGE, {});
try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
