// The door to RabbitMQ: `millrace/rabbitmq`.
export type { RabbitMessage, RabbitMessageFields, RabbitMessageProperties } from "./message.js";
export type { RabbitRunnerOptions } from "./options.js";
export { RabbitRunner } from "./rabbit-runner.js";
