// Where a server is known to differ from AWS. AWS's documentation, which each behaviour names, is on the other side in
// every case.

/** Of ElasticMQ 1.6.14: the behaviour, and what it does instead. */
const elasticmq: Readonly<Record<string, string>> = {
  "SendMessageBatch: the refusal of eleven entries counts them, and has the older protocol's code":
    "says only TooManyEntriesInBatchRequest",
  "SendMessageBatch: no entries are refused": "accepts them",
  "SendMessageBatch: an entry id with a colon is refused": "accepts it",
  "SendMessageBatch: an entry id with 81 characters is refused": "accepts it",
  "DeleteMessageBatch: the refusal of eleven entries counts them, and has the older protocol's code":
    "says only TooManyEntriesInBatchRequest",
  "DeleteMessageBatch: no entries are refused": "accepts them",
  "DeleteMessageBatch: an entry id with a colon is refused": "accepts it",
  "DeleteMessageBatch: an entry id with 81 characters is refused": "accepts it",
  "ChangeMessageVisibilityBatch: the refusal of eleven entries counts them, and has the older protocol's code":
    "says only TooManyEntriesInBatchRequest",
  "ChangeMessageVisibilityBatch: no entries are refused": "accepts them",
  "ChangeMessageVisibilityBatch: an entry id with a colon is refused": "accepts it",
  "ChangeMessageVisibilityBatch: an entry id with 81 characters is refused": "accepts it",
  "an empty answer has no Messages": "sends an empty list",
  "a wait of 21 s is refused": "code InvalidAttributeValue",
  "a wait of -1 s is refused": "code InvalidAttributeValue",
  "a receive of 0 messages is refused": "code InvalidAttributeValue",
  "a receive of 11 messages is refused": "code InvalidAttributeValue",
  "a visibility change of a deleted message is refused": "code ReceiptHandleIsInvalid",
  "a visibility of more than 12 h is refused": "accepts it",
  "a visibility that would pass 12 h from the receive is refused": "accepts it",
  "deleting twice succeeds": "the second delete fails with ReceiptHandleIsInvalid",
  "a delete with the handle of an earlier receive succeeds, whether or not it deletes":
    "fails with ReceiptHandleIsInvalid",
  "in a batch send an entry that is too large fails alone": "does not keep the queue's MaximumMessageSize",
  "a batch send of more than 1 MiB in all is refused": "code InvalidAttributeValue",
  'the attribute filter "Hel.*" gives Hello, Help.Me': "knows no prefixes",
  "the digest of attributes covers those that are returned": "knows no prefixes",
  "the refusal of a queue that does not exist has the older protocol's code": "sends no x-amzn-query-error",
  "a message of 1 MiB is accepted": "still has the limit of 256 KiB",
  "a message of 1 MiB and a byte is refused": "code InvalidAttributeValue",
  "the size of the queue's own limit is kept": "does not keep the queue's MaximumMessageSize",
  "attributes count towards the size of a message": "does not keep the queue's MaximumMessageSize",
  "an empty message is refused": "code InvalidAttributeValue",
  "a control character in a body is refused": "code InvalidAttributeValue",
  "a second purge within a minute is refused": "accepts it",
  "tags are set, listed and removed": "sends an empty map when no tag is left",
  "a retention of a minute is accepted, one of less refused": "keeps no retention",
  "the name of a deleted queue is blocked for a minute": "can be used at once",
  "the refusal to create a queue with other attributes names the attribute": "names the queue only",
  "all attributes of a new queue, with their defaults":
    "MaximumMessageSize, MessageRetentionPeriod and SqsManagedSseEnabled are missing",
  "queues are listed by the beginning of their names": "sends an empty list when there is none",
  "FIFO: a delete after the visibility has ended is refused": "deletes the message",
  "FIFO: a delete with the handle of an earlier receive is refused": "code ReceiptHandleIsInvalid",
  "FIFO: in a batch delete an expired handle fails alone, as ReceiptHandleIsInvalid": "deletes the message",
  "FIFO: deleting twice succeeds": "the second delete fails with ReceiptHandleIsInvalid",
  "a receive with the same attempt id brings the same messages and handles": "gives them new handles",
  "a receive cannot be repeated once one of its messages was deleted": "answers with a 500 that is not JSON",
  "a receive cannot be repeated once one of its messages had its visibility changed": "repeats it",
  "a standard queue takes no notice of an attempt id": "refuses it",
  "an entry without a MessageGroupId makes a whole FIFO batch fail": "that entry fails alone",
  "an entry without a MessageDeduplicationId makes a whole FIFO batch fail": "that entry fails alone",
  "a delay of a single FIFO message is refused": "with another message",
  "with the deduplication scope messageGroup two groups with one id get: first second": "knows no such scope",
  "a FIFO queue has FIFO's attributes, with their defaults": "DeduplicationScope and FifoThroughputLimit are missing",
  "content-based deduplication can be switched off": "refuses the attribute with InvalidAttributeName",
  "a FIFO queue whose name does not end in .fifo is refused": "code InvalidAttributeName",
  "a standard queue whose name ends in .fifo is refused": "code InvalidAttributeName",
  "a standard queue does not know FifoQueue, not even as false": "accepts it",
  "in a FIFO dead-letter queue a message counts as sent when it was moved": "keeps the time at which it was sent",
  "the dead-letter queue of a FIFO queue must be FIFO": "accepts any",
};

/** By server, then by the name of the behaviour: what that server does instead. */
export const knownDifferences: Readonly<Record<string, Readonly<Record<string, string>>>> = { elasticmq };
