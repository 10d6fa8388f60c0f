// One broker for all tests of this folder, or none of them: what is missing is said.
import type { TestProject } from "vitest/node";
import { type BrokerAddress, RabbitBroker } from "../../scripts/rabbitmq/broker.js";

declare module "vitest" {
  interface ProvidedContext {
    broker: BrokerAddress;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const broker = await RabbitBroker.start();
  project.provide("broker", broker.address);
  return () => broker.stop();
}
