// The shape of a RabbitMQ message, written out so that no release of the client changes millrace's types.

/** What the broker says of a delivery. */
export interface RabbitMessageFields {
  /** Its number on the channel it came by. It says nothing on any other. */
  deliveryTag: number;
  /** Whether it was delivered before and came back. */
  redelivered: boolean;
  /** The exchange it was published to; empty for the default one. */
  exchange: string;
  /** The key it was published with. */
  routingKey: string;
  consumerTag?: string | undefined;
}

/** What the publisher says of a message. Anything may be missing, and RabbitMQ checks the type of none but `userId`. */
export interface RabbitMessageProperties {
  headers?: Record<string, unknown> | undefined;
  contentType?: unknown;
  contentEncoding?: unknown;
  /** 2 for messages that survive a restart of the broker in a durable queue. */
  deliveryMode?: unknown;
  priority?: unknown;
  correlationId?: unknown;
  replyTo?: unknown;
  expiration?: unknown;
  messageId?: unknown;
  timestamp?: unknown;
  type?: unknown;
  userId?: unknown;
  appId?: unknown;
}

/** A message as `amqplib` gives it: the same shape as its `ConsumeMessage`. */
export interface RabbitMessage {
  /** The body, byte for byte. It is a `Buffer`: `JSON.parse(message.content.toString())`. */
  content: Uint8Array;
  fields: RabbitMessageFields;
  properties: RabbitMessageProperties;
}
