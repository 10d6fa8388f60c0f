// The shape of an SQS message, written out so that no release of the SDK changes millrace's types.

/** An attribute that the sender gave a message. */
export interface MessageAttribute {
  DataType: string | undefined;
  StringValue?: string | undefined;
  BinaryValue?: Uint8Array | undefined;
  StringListValues?: string[] | undefined;
  BinaryListValues?: Uint8Array[] | undefined;
}

/** A message as SQS and its SDK give it: the same shape as `Message` of `@aws-sdk/client-sqs`, any 3.x version. */
export interface Message {
  MessageId?: string | undefined;
  ReceiptHandle?: string | undefined;
  MD5OfBody?: string | undefined;
  Body?: string | undefined;
  /** System attributes, such as `ApproximateReceiveCount`; those that were asked for. */
  Attributes?: Partial<Record<string, string>> | undefined;
  MD5OfMessageAttributes?: string | undefined;
  MessageAttributes?: Record<string, MessageAttribute> | undefined;
}
