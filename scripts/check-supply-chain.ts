// Holds the package to its supply-chain policy (SECURITY.md), as far as that can be told without a network: what it depends
// on, what runs when it is installed, how it is published; and that no server of this repository listens beyond loopback.
import { readFileSync } from "node:fs";
import { execFileSync } from "node:child_process";

interface Manifest {
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly publishConfig?: { readonly provenance?: boolean };
}

interface LockedPackage extends Manifest {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly dev?: boolean;
  readonly peer?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
}

const RUN_AT_INSTALL = ["preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"];
const SECTIONS = ["dependencies", "devDependencies", "peerDependencies"] as const;

const read = (file: string): string => readFileSync(file, "utf8");
const manifest = JSON.parse(read("package.json")) as Manifest;
const { packages } = JSON.parse(read("package-lock.json")) as { packages: Record<string, LockedPackage> };
const locked = Object.entries(packages).filter(([path]) => path !== "");
const isProduction = ({ dev, peer, optional, devOptional }: LockedPackage): boolean =>
  dev !== true && peer !== true && optional !== true && devOptional !== true;
const production = locked.filter(([, entry]) => isProduction(entry));

function complaintsAboutManifest(): string[] {
  const complaints: string[] = [];
  if (manifest.publishConfig?.provenance !== true) complaints.push("publishConfig.provenance is not true");
  for (const name of RUN_AT_INSTALL) {
    if (manifest.scripts?.[name] !== undefined) complaints.push(`the script ${name} would run when it is installed`);
  }
  for (const [name, range] of Object.entries(manifest.devDependencies ?? {})) {
    if (!/^\d+\.\d+\.\d+$/u.test(range)) complaints.push(`the development dependency ${name} is not pinned: ${range}`);
  }
  const policy = read("SECURITY.md");
  for (const name of Object.keys(manifest.dependencies ?? {})) {
    if (!policy.includes(name)) complaints.push(`SECURITY.md does not name the dependency ${name}`);
  }
  return complaints;
}

function complaintsAboutLock(): string[] {
  const complaints = locked.flatMap(([path, { integrity, resolved }]) => [
    ...(integrity?.startsWith("sha512-") === true ? [] : [`${path} has no SHA-512 sum`]),
    ...(resolved === undefined || resolved.startsWith("https://") ? [] : [`${path} comes from ${resolved}`]),
  ]);
  for (const section of SECTIONS) {
    const isSame = JSON.stringify(packages[""]?.[section]) === JSON.stringify(manifest[section]);
    if (!isSame) complaints.push(`package-lock.json has other ${section} than package.json`);
  }
  for (const [path, { hasInstallScript }] of production) {
    if (hasInstallScript === true) complaints.push(`${path} runs a script when it is installed`);
  }
  return complaints;
}

/** Files that make servers, and do not say that they listen on loopback alone. */
function complaintsAboutServers(): string[] {
  const files = execFileSync("git", ["grep", "-l", "createServer", "--", "*.ts", "*.mjs"], { encoding: "utf8" });
  return files
    .split("\n")
    .filter((file) => file !== "" && file !== "scripts/check-supply-chain.ts")
    .flatMap((file) => {
      const text = read(file);
      const host = /\bHOST = "127\.0\.0\.1"/u.test(text) ? /"127\.0\.0\.1"|\bHOST\b/u : /"127\.0\.0\.1"/u;
      const calls = text.split("\n").filter((line) => /\.listen\(/u.test(line));
      return calls.filter((line) => !host.test(line)).map((line) => `${file} listens elsewhere: ${line.trim()}`);
    });
}

const complaints = [...complaintsAboutManifest(), ...complaintsAboutLock(), ...complaintsAboutServers()];
for (const text of complaints) console.error(text);
const names = production.map(([path]) => path.replace("node_modules/", "")).join(", ");
console.log(`supply chain: ${locked.length} packages locked, ${production.length} installed with it (${names})`);
process.exitCode = complaints.length === 0 ? 0 : 1;
