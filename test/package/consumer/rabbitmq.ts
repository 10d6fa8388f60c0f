// A user who consumes a queue of RabbitMQ.
import { Consumer, deadLetter, type Runner } from "millrace";
import { type RabbitMessage, RabbitRunner, type RabbitRunnerOptions } from "millrace/rabbitmq";

const options: RabbitRunnerOptions = { url: ["amqp://one", "amqp://two"], queue: "jobs", retryDelaysSeconds: [5, 60] };
const runner: Runner<RabbitMessage> = new RabbitRunner(options);

const greet = ({ content, properties }: RabbitMessage, { attempt }: { attempt: number }): unknown =>
  properties.headers?.["tenant"] === undefined ? deadLetter("no tenant") : `Hello, ${content.length} ${attempt}`;

export const consumer: Consumer<RabbitMessage> = new Consumer(greet, { runner, concurrency: 20 });
