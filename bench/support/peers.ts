// Packages that are measured beside millrace. They are in bench/peers, which `npm run bench:…` installs by itself: they are
// no dependencies of this repository, and nobody who works on it has to download them.
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** Where they are installed, as seen from the root of the repository. */
export const PEERS_FOLDER = "bench/peers";

/** The module, as whoever asks describes it. */
export async function loadPeer<Module>(name: string): Promise<Module> {
  const { resolve: find } = createRequire(resolve(PEERS_FOLDER, "package.json"));
  const module = (await import(pathToFileURL(find(name)).href)) as { default?: object };
  // What was CommonJS has its names below `default`, some of them only there.
  return { ...module.default, ...module } as Module;
}
