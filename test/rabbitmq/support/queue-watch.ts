// Looks into queues from inside the broker: what AMQP shows is only what is ready, and the broker's statistics are seconds old.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createInterface, type Interface } from "node:readline";
import type { BrokerAddress } from "../../../scripts/rabbitmq/broker.js";

/** What a queue holds. */
export interface QueueCounts {
  readonly ready: number;
  readonly unacknowledged: number;
}

/** Reads names of queues, line by line, and answers each with two numbers. */
const PROGRAM = `
Node = list_to_atom(os:getenv("RABBITMQ_NODENAME")),
Ask = fun(Name) ->
  {ok, Queue} = rpc:call(Node, rabbit_amqqueue, lookup, [{resource, <<"/">>, queue, Name}]),
  case rpc:call(Node, amqqueue, get_type, [Queue]) of
    rabbit_quorum_queue ->
      Server = rpc:call(Node, amqqueue, get_pid, [Queue]),
      Query = fun(Function) ->
        {ok, {_, Count}, _} = rpc:call(Node, ra, leader_query, [Server, fun rabbit_fifo:Function/1]), Count end,
      {Query(query_messages_ready), Query(query_messages_checked_out)};
    _ ->
      [{_, Ready}, {_, Unacked}] =
        rpc:call(Node, rabbit_amqqueue, info, [Queue, [messages_ready, messages_unacknowledged]]),
      {Ready, Unacked}
  end
end,
Loop = fun(Again) ->
  case io:get_line("") of
    eof -> halt();
    Line ->
      case catch Ask(list_to_binary(string:trim(Line))) of
        {Ready, Unacked} when is_integer(Ready) -> io:format("~p ~p~n", [Ready, Unacked]);
        Other -> io:format("~w~n", [Other])
      end,
      Again(Again)
  end
end,
Loop(Loop).`;

/** Counts what queues hold, at this moment. */
export class QueueWatch {
  readonly #node: ChildProcessWithoutNullStreams;
  readonly #lines: Interface;
  readonly #answers: AsyncIterator<string>;
  #asking: Promise<unknown> = Promise.resolve();

  constructor({ environment, folder, nodeName }: BrokerAddress) {
    const name = ["-noshell", "-hidden", "-sname", `watch-${randomUUID()}@localhost`];
    const onLoopback = ["-kernel", "inet_dist_use_interface", "{127,0,0,1}"];
    this.#node = spawn("erl", [...name, ...onLoopback, "-eval", PROGRAM], {
      env: { ...environment, RABBITMQ_NODENAME: nodeName },
      cwd: folder,
    });
    this.#lines = createInterface(this.#node.stdout);
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  /** What the queue holds; the queue must be there. */
  async count(queue: string): Promise<QueueCounts> {
    const answer = this.#asking.then(() => this.#ask(queue));
    this.#asking = answer.catch(() => undefined);
    return answer;
  }

  stop(): void {
    this.#lines.close();
    this.#node.kill("SIGKILL");
  }

  async #ask(queue: string): Promise<QueueCounts> {
    this.#node.stdin.write(`${queue}\n`);
    const { value: line } = (await this.#answers.next()) as IteratorResult<string, string | undefined>;
    const match = /^(\d+) (\d+)$/u.exec(line ?? "");
    if (match === null) throw new Error(`the broker answered: ${line}`);
    return { ready: Number(match[1]), unacknowledged: Number(match[2]) };
  }
}
