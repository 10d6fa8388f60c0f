// A queue whose answers are made in advance, so that it costs next to nothing: each message is given once, each delete is
// counted.

/** What a queue was asked for, and what it gave. */
export interface QueueCounts {
  readonly given: number;
  readonly deleted: number;
  /** Deletes of messages that were deleted already. */
  readonly duplicates: number;
  /** Requests by action: `ReceiveMessage`, `DeleteMessageBatch` and so on. */
  readonly requests: Readonly<Record<string, number>>;
  /** Receives that were answered without a message. */
  readonly emptyReceives: number;
  /** Extensions and returns, by message. */
  readonly visibilityChanges: number;
  /** When it was first asked for messages, in milliseconds since 1970. */
  readonly firstReceiveAtMs: number | undefined;
}

/** How a queue is. */
export interface QueueSettings {
  /** Bytes of each message's body. Default 256. */
  readonly bodyBytes?: number | undefined;
  /** How long each call takes, in milliseconds. Default 0. */
  readonly latencyMs?: number | undefined;
}

/** A message that can be given: when it was sent, in microseconds of the monotonic clock, or 0. */
type SentAt = number;

interface WaitingReceive {
  readonly most: number;
  readonly answer: (text: string) => void;
  readonly withAttributes: boolean;
  timer: NodeJS.Timeout | undefined;
}

interface Entry {
  readonly Id: string;
  readonly ReceiptHandle: string;
}

interface Input {
  readonly MaxNumberOfMessages?: number;
  readonly WaitTimeSeconds?: number;
  readonly MessageSystemAttributeNames?: readonly string[];
  readonly AttributeNames?: readonly string[];
  readonly ReceiptHandle?: string;
  readonly Entries?: readonly Entry[];
}

const ID_DIGITS = 12;
/** As long as handles of SQS are, more or less; the id of the message is at the end. */
const HANDLE_START = "AQEB".padEnd(180 - ID_DIGITS, "wJnKyrHigUMZj6rYigCgxlaS3SLy0a/");
const NO_TIME = "00000000-0000-0000-0000";
const ATTRIBUTES = '"Attributes":{"ApproximateReceiveCount":"1","SentTimestamp":"1700000000000"},';

/** The queue. It answers with text, the JSON of the service's protocol. */
export class CannedQueue {
  readonly latencyMs: number;
  readonly #rest: string;
  #deletes = new Uint8Array(1 << 16);
  #given = 0;
  #deleted = 0;
  #duplicates = 0;
  #emptyReceives = 0;
  #visibilityChanges = 0;
  #firstReceiveAtMs: number | undefined;
  readonly #requests: Record<string, number> = {};
  #supply = 0;
  /** When messages that wait were sent, where that is of interest. */
  #sent: SentAt[] = [];
  #sentHead = 0;
  #sending: NodeJS.Timeout | undefined;
  readonly #waiting = new Set<WaitingReceive>();

  /** @param md5 - Hex MD5 of the text that is given to it: the SDK compares. */
  constructor({ bodyBytes = 256, latencyMs = 0 }: QueueSettings, md5: (text: string) => string) {
    this.latencyMs = latencyMs;
    const body = "0123456789".repeat(Math.ceil(bodyBytes / 10)).slice(0, bodyBytes);
    this.#rest = `"MD5OfBody":"${md5(body)}","Body":"${body}"}`;
  }

  /** Puts so many messages in at once. `Infinity` never ends; 0 takes out what was not given. */
  supply(messages: number): void {
    this.#stopSending();
    this.#supply = messages;
    this.#serve();
  }

  /** Sends so many messages a second from now on; each bears the time at which it was sent. */
  send(perSecond: number): void {
    this.#stopSending();
    this.#supply = 0;
    const startedAt = performance.now();
    let sent = 0;
    this.#sending = setInterval(() => {
      const due = Math.floor(((performance.now() - startedAt) * perSecond) / 1_000);
      const now = Number(process.hrtime.bigint() / 1_000n);
      for (; sent < due; sent += 1) this.#sent.push(now);
      this.#serve();
    }, 1);
  }

  get counts(): QueueCounts {
    return {
      given: this.#given,
      deleted: this.#deleted,
      duplicates: this.#duplicates,
      requests: { ...this.#requests },
      emptyReceives: this.#emptyReceives,
      visibilityChanges: this.#visibilityChanges,
      firstReceiveAtMs: this.#firstReceiveAtMs,
    };
  }

  /** Answers a request. Returns what is to be called when its connection is gone, if it has to wait. */
  handle(action: string, body: string, answer: (text: string) => void): (() => void) | undefined {
    this.#requests[action] = (this.#requests[action] ?? 0) + 1;
    const input = JSON.parse(body) as Input;
    switch (action) {
      case "ReceiveMessage":
        return this.#receive(input, answer);
      case "DeleteMessageBatch":
        for (const { ReceiptHandle } of input.Entries ?? []) this.#delete(ReceiptHandle);
        answer(answerBatch(input.Entries));
        return undefined;
      case "ChangeMessageVisibilityBatch":
        this.#visibilityChanges += input.Entries?.length ?? 0;
        answer(answerBatch(input.Entries));
        return undefined;
      case "DeleteMessage":
        this.#delete(input.ReceiptHandle ?? "");
        answer("");
        return undefined;
      case "ChangeMessageVisibility":
        this.#visibilityChanges += 1;
        answer("");
        return undefined;
      case "GetQueueAttributes":
        answer('{"Attributes":{"VisibilityTimeout":"30","MaximumMessageSize":"1048576"}}');
        return undefined;
      default:
        throw new Error(`The canned queue does not know ${action}`);
    }
  }

  #receive(input: Input, answer: (text: string) => void): (() => void) | undefined {
    this.#firstReceiveAtMs ??= performance.timeOrigin + performance.now();
    const { MaxNumberOfMessages: most = 1, WaitTimeSeconds: waitSeconds = 0 } = input;
    const names = input.MessageSystemAttributeNames ?? input.AttributeNames ?? [];
    const receive: WaitingReceive = { most, answer, withAttributes: names.length > 0, timer: undefined };
    if (this.#ready > 0 || waitSeconds === 0) {
      this.#answer(receive);
      return undefined;
    }
    receive.timer = setTimeout(() => this.#answer(receive), waitSeconds * 1_000);
    this.#waiting.add(receive);
    return () => this.#forget(receive);
  }

  get #ready(): number {
    return this.#supply + this.#sent.length - this.#sentHead;
  }

  #serve(): void {
    for (const receive of this.#waiting) {
      if (this.#ready === 0) return;
      this.#answer(receive);
    }
  }

  #answer(receive: WaitingReceive): void {
    this.#forget(receive);
    const count = Math.min(receive.most, this.#ready);
    if (count === 0) {
      this.#emptyReceives += 1;
      receive.answer("{}");
      return;
    }
    let messages = "";
    for (let index = 0; index < count; index += 1) {
      messages += index === 0 ? this.#take(receive.withAttributes) : `,${this.#take(receive.withAttributes)}`;
    }
    receive.answer(`{"Messages":[${messages}]}`);
  }

  #forget(receive: WaitingReceive): void {
    clearTimeout(receive.timer);
    this.#waiting.delete(receive);
  }

  /** The JSON of the next message. Its id is a number, and the time at which it was sent is in front of it. */
  #take(withAttributes: boolean): string {
    const id = String(this.#given).padStart(ID_DIGITS, "0");
    const sentAt = this.#takeSentAt();
    this.#given += 1;
    const time = sentAt === 0 ? NO_TIME : formatTime(sentAt);
    return `{"MessageId":"${time}-${id}","ReceiptHandle":"${HANDLE_START}${id}",${withAttributes ? ATTRIBUTES : ""}${this.#rest}`;
  }

  #takeSentAt(): SentAt {
    if (this.#supply > 0) {
      this.#supply -= 1;
      return 0;
    }
    const sentAt = this.#sent[this.#sentHead] ?? 0;
    this.#sentHead += 1;
    if (this.#sentHead > 10_000) {
      this.#sent = this.#sent.slice(this.#sentHead);
      this.#sentHead = 0;
    }
    return sentAt;
  }

  #delete(handle: string): void {
    const id = Number(handle.slice(-ID_DIGITS));
    if (!handle.startsWith(HANDLE_START) || !(id < this.#given)) throw new Error(`No message has the handle ${handle}`);
    if (id >= this.#deletes.length) {
      const deletes = new Uint8Array(Math.max(this.#deletes.length * 2, id + 1));
      deletes.set(this.#deletes);
      this.#deletes = deletes;
    }
    if (this.#deletes[id] === 1) this.#duplicates += 1;
    else this.#deleted += 1;
    this.#deletes[id] = 1;
  }

  #stopSending(): void {
    clearInterval(this.#sending);
    this.#sending = undefined;
    this.#sent = [];
    this.#sentHead = 0;
  }
}

/** In the shape of the first groups of a UUID. */
function formatTime(sentAt: SentAt): string {
  const digits = String(sentAt).padStart(20, "0");
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16)}`;
}

function answerBatch(entries: readonly Entry[] = []): string {
  const list = entries.map(({ Id }) => `{"Id":"${Id}"}`).join(",");
  return `{"Successful":[${list}],"Failed":[]}`;
}

/** When the message was sent, in microseconds of the monotonic clock; 0 if it bears no time. */
export function sentAtMicroseconds(messageId: string): number {
  return Number(messageId.slice(0, 23).replaceAll("-", ""));
}
