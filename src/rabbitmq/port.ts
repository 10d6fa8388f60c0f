// What is used of the AMQP client, as narrow interfaces, and the way to a connection.
import type * as Amqplib from "amqplib";
import { MillraceError } from "../errors.js";
import type { RabbitMessage } from "./message.js";

/** A queue and its settings, for those that are declared. */
export interface QueueSettings {
  readonly durable: boolean;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** What is used of a channel. */
export interface AmqpChannel {
  on(event: "close", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "return", listener: (message: RabbitMessage) => void): unknown;
  checkQueue(queue: string): Promise<unknown>;
  assertQueue(queue: string, settings: QueueSettings): Promise<unknown>;
  prefetch(count: number): Promise<unknown>;
  consume(
    queue: string,
    onMessage: (message: RabbitMessage | null) => void,
    options: { readonly consumerTag: string },
  ): Promise<unknown>;
  cancel(consumerTag: string): Promise<unknown>;
  ack(message: RabbitMessage, allUpTo?: boolean): void;
  nack(message: RabbitMessage, allUpTo: boolean, requeue: boolean): void;
  close(): Promise<void>;
}

/** What is used of a channel whose publishes are confirmed. */
export interface AmqpConfirmChannel extends AmqpChannel {
  publish(
    exchange: string,
    routingKey: string,
    content: Uint8Array,
    options: Readonly<Record<string, unknown>>,
    onConfirmed: (error: unknown) => void,
  ): unknown;
}

/** What is used of a connection. */
export interface AmqpConnection {
  on(event: "close" | "error", listener: (error?: Error) => void): unknown;
  createChannel(): Promise<AmqpChannel>;
  createConfirmChannel(): Promise<AmqpConfirmChannel>;
  close(): Promise<void>;
}

/** How a connection is made. */
interface ConnectSettings {
  /** Options for the socket: `ca`, `cert` and `key` for TLS, and the like. */
  readonly socketOptions: Readonly<Record<string, unknown>>;
  /** What the broker shows it as. */
  readonly connectionName: string;
  readonly connectTimeoutMs: number;
  /** Destroys the socket when it aborts, at whatever stage. */
  readonly signal: AbortSignal;
}

/** Makes connections. */
export type Connect = (url: string, settings: ConnectSettings) => Promise<AmqpConnection>;

/** Loads the client when it is needed, so that importing millrace costs nothing of it. */
export async function loadClient(): Promise<Connect> {
  let client: typeof Amqplib;
  try {
    client = await import("amqplib");
  } catch (cause) {
    throw new MillraceError(
      "PEER_MISSING",
      "The package amqplib could not be loaded. Install it beside millrace: npm install amqplib@2",
      { cause },
    );
  }
  return (url, settings) => connectWith(client, url, settings);
}

async function connectWith(client: typeof Amqplib, url: string, settings: ConnectSettings): Promise<AmqpConnection> {
  const socketOptions = {
    // An acknowledgement is a small packet: with Nagle's algorithm it would wait for the answer to the one before.
    noDelay: true,
    keepAlive: true,
    timeout: settings.connectTimeoutMs,
    ...settings.socketOptions,
    clientProperties: { connection_name: settings.connectionName },
    signal: settings.signal,
  };
  return client.connect(url, socketOptions);
}
