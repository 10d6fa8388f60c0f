// A RabbitMQ of one's own: Debian's `rabbitmq-server` as a node beside any other, on free ports of the loopback interface,
// with its data, its cookie and its port mapper under .cache/rabbitmq. It ends with the process that started it.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Where Debian keeps the scripts that do not change to the user `rabbitmq`. */
const PROGRAMS = "/usr/lib/rabbitmq/bin";
const PORT_MAPPER = "/usr/bin/epmd";
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Why there can be no broker on this machine, or undefined when there can. */
function whyNoBroker(): string | undefined {
  for (const program of [join(PROGRAMS, "rabbitmq-server"), PORT_MAPPER]) {
    try {
      accessSync(program, constants.X_OK);
    } catch {
      return `${program} is not there. On Debian and Ubuntu: apt-get install rabbitmq-server`;
    }
  }
  return undefined;
}

/** How to reach a running node, from any process of this machine. */
export interface BrokerAddress {
  /** Where clients connect, with the user `guest`. */
  readonly url: string;
  /** Where it has its data, and the cookie that lets other Erlang nodes in. */
  readonly folder: string;
  readonly nodeName: string;
  /** The environment of programs that speak to the node. */
  readonly environment: NodeJS.ProcessEnv;
}

/** Runs `rabbitmqctl` against a node, and answers with what it prints. It takes a second or two. */
export async function control({ environment, folder }: BrokerAddress, ...command: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(join(PROGRAMS, "rabbitmqctl"), ["--quiet", ...command], {
    env: environment,
    cwd: folder,
  });
  return stdout;
}

/** One running node. */
export class RabbitBroker {
  readonly address: BrokerAddress;
  readonly #processes: readonly ChildProcess[];
  readonly #killAll: () => void;

  private constructor(address: BrokerAddress, processes: readonly ChildProcess[]) {
    this.address = address;
    this.#processes = processes;
    this.#killAll = () => {
      for (const { pid, exitCode, signalCode } of this.#processes) {
        if (pid !== undefined && exitCode === null && signalCode === null) process.kill(pid, "SIGKILL");
      }
    };
    process.once("exit", this.#killAll);
  }

  /** Starts a node with no queues. */
  static async start(): Promise<RabbitBroker> {
    const reason = whyNoBroker();
    if (reason !== undefined) throw new Error(reason);
    const [port, distributionPort, mapperPort] = await findFreePorts(3);
    mkdirSync(join(root, ".cache", "rabbitmq"), { recursive: true });
    const folder = mkdtempSync(join(root, ".cache", "rabbitmq", "node-"));
    const nodeName = `millrace${port}@localhost`;
    const environment = createEnvironment({ folder, nodeName, port, distributionPort, mapperPort });
    writeFileSync(join(folder, ".erlang.cookie"), randomBytes(16).toString("hex"), { mode: 0o400 });
    writeFileSync(join(folder, "rabbitmq.conf"), "log.file.level = info\nvm_memory_high_watermark.relative = 0.6\n");
    for (const name of ["environment.conf", "enabled_plugins"]) writeFileSync(join(folder, name), "");
    const mapper = run(PORT_MAPPER, ["-port", String(mapperPort), "-address", "127.0.0.1"], environment);
    await untilListening(mapperPort, mapper);
    const node = run(join(PROGRAMS, "rabbitmq-server"), [], environment);
    const url = `amqp://guest:guest@127.0.0.1:${port}`;
    const broker = new RabbitBroker({ url, folder, nodeName, environment }, [node, mapper]);
    try {
      await untilListening(port, node);
      return broker;
    } catch (error) {
      const log = broker.log();
      await broker.stop();
      throw new Error(`RabbitMQ did not start.\n${log}`, { cause: error });
    }
  }

  /** What the node has logged. */
  log(): string {
    try {
      return readFileSync(join(this.address.folder, "log", "node.log"), "utf8");
    } catch {
      return "";
    }
  }

  /** Ends the node and removes its data. */
  async stop(): Promise<void> {
    for (const child of this.#processes) await end(child);
    process.off("exit", this.#killAll);
    rmSync(this.address.folder, { recursive: true, force: true });
  }
}

function createEnvironment(parts: {
  folder: string;
  nodeName: string;
  port: number;
  distributionPort: number;
  mapperPort: number;
}): NodeJS.ProcessEnv {
  const { folder, nodeName, port, distributionPort, mapperPort } = parts;
  const onLoopback = "-kernel inet_dist_use_interface {127,0,0,1}";
  return {
    PATH: process.env["PATH"],
    LANG: "C.UTF-8",
    HOME: folder, // Where Erlang looks for its cookie.
    RABBITMQ_NODENAME: nodeName,
    RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_CTL_DIST_PORT_MIN: "1024",
    RABBITMQ_CTL_DIST_PORT_MAX: "65535",
    RABBITMQ_MNESIA_BASE: join(folder, "data"),
    RABBITMQ_LOG_BASE: join(folder, "log"),
    RABBITMQ_LOGS: join(folder, "log", "node.log"),
    RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq.conf"),
    RABBITMQ_CONF_ENV_FILE: join(folder, "environment.conf"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "enabled_plugins"),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: onLoopback,
    RABBITMQ_CTL_ERL_ARGS: onLoopback,
    RUNNING_UNDER_SYSTEMD: "true", // The script becomes the node, so that its pid is the node's.
    ERL_EPMD_ADDRESS: "127.0.0.1",
    ERL_EPMD_PORT: String(mapperPort),
  };
}

/** In a process group of its own, so that a Ctrl-C of the terminal is for us alone. */
function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(program, args, { env, cwd: env["HOME"], stdio: "ignore", detached: true });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timeout = new AbortController();
  const isEnded = await Promise.race([
    ended.then(() => true),
    sleep(STOP_TIMEOUT_MS, false, { signal: timeout.signal }).catch(() => false),
  ]);
  timeout.abort();
  if (isEnded) return;
  child.kill("SIGKILL");
  await ended;
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  let failure: Error | undefined;
  child.once("error", (error) => (failure = error));
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadline) {
    if (failure !== undefined) throw failure;
    if (child.exitCode !== null) throw new Error(`it ended with exit code ${child.exitCode}`);
    if (await isListening(port)) return;
    await sleep(100);
  }
  throw new Error(`it did not listen on port ${port} within ${START_TIMEOUT_MS} ms`);
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Held at the same time, so that they differ. */
async function findFreePorts(count: 3): Promise<[number, number, number]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  const ports: number[] = [];
  for (const server of servers) {
    if (!server.listening) await once(server, "listening");
    ports.push((server.address() as AddressInfo).port);
  }
  await Promise.all(servers.map((server) => promisify(server.close.bind(server))()));
  return ports as [number, number, number];
}
