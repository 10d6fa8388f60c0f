// The options of inThreads, and the module that it names.
import { existsSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isInstance, OptionError } from "../errors.js";
import { OptionReader } from "../internal/options.js";

/** What `inThreads` is called with. */
export interface ThreadsOptions {
  /**
   * The most threads, and so the most messages worked on at once. 1 to 1,024; default: as many as this machine can run at
   * once (`os.availableParallelism()`). A container's CPU limit may be less than that: give it then.
   */
  maxThreads?: number | undefined;
  /** Threads that are kept when there is nothing to do. 0 to `maxThreads`; default 0. */
  minThreads?: number | undefined;
  /** How long a thread is idle before it is ended, in milliseconds. 1 to 86,400,000; default 10,000. */
  idleTimeoutMs?: number | undefined;
  /**
   * How long a handler whose signal has aborted may go on before its thread is ended, in milliseconds. 0 to 60,000; default
   * 500, which is less than the consumer's `abortGraceMs`, so that no slot is given up for stuck.
   */
  abortGraceMs?: number | undefined;
  /**
   * The most memory that the JavaScript heap of one thread may take, in MB. A thread that needs more is ended. 16 to
   * Infinity; default Infinity: Node's own limit.
   */
  maxHeapMb?: number | undefined;
  /** Command-line options of Node for the threads, such as `["--import", "tsx"]`. Default: those of this process. */
  execArgv?: readonly string[] | undefined;
}

/** The options, with nothing left open but what Node decides. */
export interface ResolvedThreadsOptions {
  readonly moduleUrl: string;
  readonly maxThreads: number;
  readonly minThreads: number;
  readonly idleTimeoutMs: number;
  readonly abortGraceMs: number;
  readonly maxHeapMb: number;
  readonly execArgv: readonly string[] | undefined;
}

/** Reads the options. Nothing is started. */
export function resolveThreadsOptions(module: unknown, options: ThreadsOptions): ResolvedThreadsOptions {
  const reader = new OptionReader("inThreads", options);
  const moduleUrl = resolveModule(module);
  const maxThreads = reader.integer("maxThreads", { min: 1, max: 1_024, fallback: availableParallelism() });
  const resolved = {
    moduleUrl,
    maxThreads,
    minThreads: reader.integer("minThreads", { min: 0, max: maxThreads, fallback: 0 }),
    idleTimeoutMs: reader.number("idleTimeoutMs", { min: 1, max: 86_400_000, fallback: 10_000 }),
    abortGraceMs: reader.number("abortGraceMs", { min: 0, max: 60_000, fallback: 500 }),
    maxHeapMb: reader.number("maxHeapMb", { min: 16, max: Infinity, fallback: Infinity }),
    execArgv: reader.has("execArgv") ? reader.strings("execArgv", []) : undefined,
  };
  reader.finish();
  return Object.freeze(resolved);
}

/** The URL of a handler's module. A path is taken from the working directory. */
function resolveModule(module: unknown): string {
  if (!isInstance(module, URL) && (typeof module !== "string" || module === "")) {
    throw new OptionError("module", "the file: URL or the path of a module", module);
  }
  const file = toPath(module);
  const found = [file, sourceOf(file)].find((path) => existsSync(path) && statSync(path).isFile());
  if (found === undefined) throw new OptionError("module", "a file that exists", file);
  return pathToFileURL(found).href;
}

function toPath(module: URL | string): string {
  const text = String(module);
  if (typeof module === "string" && !text.startsWith("file:")) return resolve(text);
  try {
    return fileURLToPath(text);
  } catch {
    throw new OptionError("module", "the file: URL or the path of a module", text);
  }
}

/** The TypeScript that a file is built from, for programs that run from their sources and name what will be built. */
function sourceOf(file: string): string {
  return file.replace(/\.([cm]?)js$/, ".$1ts");
}
