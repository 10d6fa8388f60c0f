// Certificates are checked, unless somebody says whom else to trust.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { directClient } from "millrace/direct";
import { Agent } from "undici";
import { describe, expect, it } from "vitest";
import { configured, RECEIVE } from "../../support/direct-inputs.js";
import { answerWith, RawServer } from "../../support/raw-server.js";

/** A certificate that nobody else has signed, for a host. */
function createCertificate(host: string): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), "millrace-tls-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  try {
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const subject = ["-subj", "/CN=test", "-addext", `subjectAltName=${host}`, "-days", "2"];
    execFileSync("openssl", ["req", "-x509", ...curve, "-keyout", key, "-out", cert, ...subject], { stdio: "pipe" });
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const start = (certificate: { key: string; cert: string }): Promise<RawServer> =>
  RawServer.start((socket) => void socket.write(answerWith("{}")), certificate);

describe("a server with a certificate of its own making", () => {
  it("is refused, and sent nothing", async () => {
    await using server = await start(createCertificate("IP:127.0.0.1"));
    await using client = directClient({ client: configured() });
    await expect(client.receiveMessage({ ...RECEIVE, QueueUrl: server.queueUrl })).rejects.toMatchObject({
      code: "DEPTH_ZERO_SELF_SIGNED_CERT",
    });
    expect(server.requests).toHaveLength(0);
  });

  it("is taken by an agent that trusts it", async () => {
    const certificate = createCertificate("IP:127.0.0.1");
    await using server = await start(certificate);
    const dispatcher = new Agent({ connect: { ca: certificate.cert } });
    await using client = directClient({ client: configured(), dispatcher });
    await expect(client.receiveMessage({ ...RECEIVE, QueueUrl: server.queueUrl })).resolves.toEqual({});
    await client.close();
    expect(dispatcher.closed).toBe(false); // It is the user's.
    await dispatcher.close();
  });

  it("that is for another host is refused even then", async () => {
    const certificate = createCertificate("DNS:sqs.example");
    await using server = await start(certificate);
    const dispatcher = new Agent({ connect: { ca: certificate.cert } });
    await using client = directClient({ client: configured(), dispatcher });
    await expect(client.receiveMessage({ ...RECEIVE, QueueUrl: server.queueUrl })).rejects.toMatchObject({
      code: "ERR_TLS_CERT_ALTNAME_INVALID",
    });
    expect(server.requests).toHaveLength(0);
    await dispatcher.close();
  });
});
