// A broker to connect to, on a virtual clock: its connections can be refused, lost and held up at any moment.
import { EventEmitter } from "node:events";
import type { Intake, Runner } from "millrace";
import type { RabbitMessage } from "millrace/rabbitmq";
import type { VirtualClock } from "millrace/testing";
import { resolveRabbitOptions } from "../../../src/rabbitmq/options.js";
import type { AmqpConfirmChannel, AmqpConnection, Connect } from "../../../src/rabbitmq/port.js";
import { RabbitLife } from "../../../src/rabbitmq/rabbit-life.js";
import { SimulatedChannel } from "./simulated-channel.js";

/** A connection as the client shows it. Its socket is destroyed by the signal, as `amqplib` has it. */
export class SimulatedConnection extends EventEmitter implements AmqpConnection {
  readonly channel: SimulatedChannel;
  #hasEnded = false;
  #isClosing = false;
  /** Whether nothing is answered any more. */
  isHanging = false;
  /** Whether the broker got a good-bye before the socket ended. */
  hasSaidGoodBye = false;

  constructor(clock: VirtualClock, signal: AbortSignal) {
    super();
    this.channel = new SimulatedChannel(clock);
    signal.addEventListener("abort", () => this.lose(new Error("The operation was aborted")));
  }

  /** Whether the socket is there. */
  get isOpen(): boolean {
    return !this.#hasEnded;
  }

  createChannel(): Promise<SimulatedChannel> {
    return Promise.resolve(this.channel);
  }

  createConfirmChannel(): Promise<AmqpConfirmChannel> {
    return Promise.reject(new Error("there are no retry queues"));
  }

  async close(): Promise<void> {
    if (this.#isClosing || this.#hasEnded) throw new Error("Connection closing");
    this.#isClosing = true;
    if (this.isHanging) await new Promise(() => undefined);
    await new Promise((resolve) => setImmediate(resolve)); // The way to the broker and back.
    if (this.#hasEnded) return;
    this.hasSaidGoodBye = true;
    this.#end(undefined);
  }

  /** The connection is gone: as the client has it, the channel goes first, and then it says why. */
  lose(error: Error): void {
    if (this.#hasEnded) return;
    if (!this.#isClosing) this.emit("error", error);
    this.#end(error);
  }

  #end(error: Error | undefined): void {
    this.#hasEnded = true;
    if (!this.channel.isClosed) {
      this.channel.lose();
      this.channel.emit("close");
    }
    this.emit("close", error);
  }
}

/** Accepts connections to one queue. */
export class SimulatedBroker {
  readonly #clock: VirtualClock;
  /** All that there ever were. */
  readonly connections: SimulatedConnection[] = [];
  /** Called with each new connection before the client has it. */
  onConnected: ((connection: SimulatedConnection) => void) | undefined;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  get last(): SimulatedConnection {
    return this.connections.at(-1) as SimulatedConnection;
  }

  get open(): number {
    return this.connections.filter(({ isOpen }) => isOpen).length;
  }

  readonly connect: Connect = async (_url, { signal }) => {
    const connection = new SimulatedConnection(this.#clock, signal);
    this.connections.push(connection);
    this.onConnected?.(connection);
    return connection;
  };
}

/** The runner, with this broker in the place of the client. */
export class BrokerRunner implements Runner<RabbitMessage> {
  readonly #connect: Connect;
  #life: RabbitLife | undefined;
  intake: Intake<RabbitMessage> | undefined;

  constructor(connect: Connect) {
    this.#connect = connect;
  }

  async open(intake: Intake<RabbitMessage>): Promise<void> {
    this.intake = intake;
    const options = resolveRabbitOptions({ url: "amqp://localhost", queue: "queue" });
    this.#life = new RabbitLife({ intake, options, connect: this.#connect });
    await this.#life.open();
  }

  async run(): Promise<void> {
    await this.#life?.run();
  }

  async close(signal: AbortSignal): Promise<void> {
    await this.#life?.close(signal);
  }
}
