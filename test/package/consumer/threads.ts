// A user whose handlers run in threads.
import { Consumer, type Handler, MemoryRunner, type Message } from "millrace";
import { inThreads, type ThreadHandler, type ThreadsOptions } from "millrace/threads";

const options: ThreadsOptions = { maxThreads: 2, maxHeapMb: undefined };
const resize: ThreadHandler<string> = inThreads<string>("./resize.js", options);

export const consumer: Consumer<string> = new Consumer(resize, { runner: new MemoryRunner<string>() });
export const ofQueue: Handler<Message> = inThreads("./resize.js");
