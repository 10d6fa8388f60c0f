// Runs the conformance suite against ElasticMQ, another SQS server: `npm run test:elasticmq`.
//
// The drain of a FIFO queue comes last and alone: it keeps the server busy, and behaviours are told by their times.
//
// Needs Java and Maven. The jars are fetched once from Maven Central into .cache/elasticmq. Where ElasticMQ differs
// from AWS is written in test/conformance/known-differences.ts.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const VERSION = "1.6.14";
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 5_000;

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, ".cache", "elasticmq", VERSION);
const jars = join(folder, "jars");

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>millrace</groupId>
  <artifactId>elasticmq</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.elasticmq</groupId>
      <artifactId>elasticmq-server_2.13</artifactId>
      <version>${VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;

function fetchJars(): void {
  if (existsSync(jars)) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "pom.xml"), POM);
  const fetched = join(folder, "fetched");
  const { status, error } = spawnSync(
    "mvn",
    ["--batch-mode", "--quiet", "dependency:copy-dependencies", `-DoutputDirectory=${fetched}`],
    { cwd: folder, stdio: "inherit" },
  );
  if (status !== 0) {
    rmSync(fetched, { recursive: true, force: true });
    throw new Error("Maven could not fetch ElasticMQ", { cause: error });
  }
  // Only a complete folder gets the name that is looked for.
  renameSync(fetched, jars);
}

async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

function startServer(port: number): ChildProcess {
  const settings = {
    "rest-sqs.bind-hostname": "127.0.0.1",
    "rest-sqs.bind-port": port,
    "rest-stats.enabled": false,
    "node-address.host": "127.0.0.1",
    "node-address.port": port,
  };
  const properties = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`);
  return spawn("java", [...properties, "-Xmx512m", "-cp", join(jars, "*"), "org.elasticmq.server.Main"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}

async function waitUntilReady(server: ChildProcess, endpoint: string): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadline) {
    if (server.exitCode !== null) throw new Error(`ElasticMQ ended with exit code ${server.exitCode}`);
    const isReady = await fetch(endpoint).then(
      () => true,
      () => false,
    );
    if (isReady) return;
    await sleep(200);
  }
  throw new Error(`ElasticMQ did not answer within ${START_TIMEOUT_MS} ms`);
}

async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const ended = once(server, "exit");
  server.kill("SIGTERM");
  await Promise.race([ended, sleep(STOP_TIMEOUT_MS, undefined, { ref: false })]);
  server.kill("SIGKILL");
}

async function runSuite(endpoint: string, filters: readonly string[]): Promise<number> {
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const suite = spawn(process.execPath, [vitest, "run", "--project", "conformance", ...filters], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, SQS_TEST_ENDPOINT: endpoint, SQS_TEST_SERVER: "elasticmq" },
  });
  const [exitCode] = (await once(suite, "exit")) as [number | null];
  return exitCode ?? 1;
}

const given = process.argv.slice(2);
const DRAIN = "test/conformance/fifo-consumer.test.ts";
const suites: ReadonlyArray<readonly string[]> = given.length > 0 ? [given] : [["--exclude", DRAIN], [DRAIN]];

fetchJars();
const port = await findFreePort();
const endpoint = `http://127.0.0.1:${port}`;
const server = startServer(port);
try {
  await waitUntilReady(server, endpoint);
  for (const filters of suites) process.exitCode = (await runSuite(endpoint, filters)) || process.exitCode;
} finally {
  await stopServer(server);
}
