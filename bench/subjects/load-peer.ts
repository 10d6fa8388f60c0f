// Loads a package that is measured beside millrace, from bench/peers: it is no dependency of this repository.
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const PEERS = resolve("bench/peers/package.json");
const peers = createRequire(PEERS);

/** The module, as whoever asks describes it. */
export async function loadPeer<Module>(name: string): Promise<Module> {
  const module = (await import(pathToFileURL(peers.resolve(name)).href)) as { default?: object };
  // What was CommonJS has its names below `default`, some of them only there.
  return { ...module.default, ...module } as Module;
}
