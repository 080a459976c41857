import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import type { Client } from '@evenkeel/client/client.ts';
import { type Identity, issue } from '@evenkeel/testbed/certificates/issue.ts';
import type { Bench, Scenario } from '../bench.ts';
import { applied, type Processes, resumeInstallation, startInstallation } from '../installation.ts';
import type { Round } from '../metrics.ts';
import { eventually } from '../process/children.ts';
import { residentBytes } from '../process/memory.ts';
import { freePorts } from '../process/ports.ts';
import { median } from '../statistics.ts';

const CERTIFICATES = 10_000;
const QUICK_CERTIFICATES = 500;
/** Uploads at a time. */
const UPLOADS = 16;
const POLL_MILLISECONDS = 5;
const MIB = 1024 * 1024;
/** What is resident is sampled so often, a second apart, and the median taken. */
const SAMPLES = 5;
const MAX_ROUNDS = 3;

export const certificates: Scenario = {
  name: 'certificates-10000',
  title:
    `${CERTIFICATES.toLocaleString('en-US')} certificates (ECDSA on P-256, one name and one issuer each) on one https listener. Start: ` +
    'control plane and node agent are started at the same moment on a home that has them all, until a client has shaken ' +
    'hands with one of them. Memory: of each process after such a start, over what it has with a single certificate.',
  targets: [
    { metric: 'restart', kind: 'absolute', limit: 3 },
    { metric: 'agentMemoryOver', kind: 'absolute', limit: 100 },
    { metric: 'controlMemoryOver', kind: 'absolute', limit: 100 },
  ],
  async run(bench: Bench) {
    const count = bench.settings.quick ? QUICK_CERTIFICATES : CERTIFICATES;
    const few = await prepare(bench, 1);
    const many = await prepare(bench, count);
    const rounds: Round[] = [];
    for (let round = 1; round <= Math.min(MAX_ROUNDS, bench.settings.rounds); round += 1) {
      const before = await startOnce(few);
      const after = await startOnce(many);
      rounds.push({
        restart: after.seconds,
        restartWithOne: before.seconds,
        agentMemoryOver: (after.agent - before.agent) / MIB,
        controlMemoryOver: (after.control - before.control) / MIB,
      });
      bench.say(`round ${round}`);
    }
    return new Map([['evenkeel', rounds]]);
  },
};

/** A home with an https listener, and a name that it has a certificate for. */
interface Prepared {
  readonly directory: string;
  readonly address: string;
  readonly port: number;
  readonly name: string;
}

/** Makes a home whose listener has so many certificates: one as its default, the others by name. */
async function prepare(bench: Bench, count: number): Promise<Prepared> {
  const directory = mkdtempSync(join(bench.directory, 'certificates-'));
  const installation = await startInstallation({ directory, workers: 1, core: null });
  try {
    const { client } = installation;
    const [port] = await freePorts('127.0.0.1', 1);
    const root = issue({ commonName: 'Root', ca: true });
    const issuer = issue({ commonName: 'Intermediate', ca: true, issuer: root });
    const fallback = await upload(client, 'default.example.com', issuer);
    const names = Array.from({ length: count - 1 }, (_, n) => `host-${n}.example.com`);
    const named: { name: string; certificate: string }[] = [];
    await Promise.all(
      Array.from({ length: UPLOADS }, async () => {
        for (let name = names.pop(); name !== undefined; name = names.pop()) {
          named.push({ name, certificate: await upload(client, name, issuer) });
        }
      }),
    );
    const made = await client.createLoadBalancer({
      body: {
        name: 'certificates',
        listeners: [
          { protocol: 'https', port: port!, defaultCertificates: [fallback], certificates: named, service: {} },
        ],
      },
    });
    await applied(client, made.operationId);
    bench.say(`${count} certificates are there`);
    const name = named[0]?.name ?? 'default.example.com';
    return { directory, address: made.vip, port: port!, name };
  } finally {
    await installation.stop();
  }
}

/** With the certificate of its issuer behind it, as public authorities have it. */
async function upload(client: Client, name: string, issuer: Identity): Promise<string> {
  const { certificate, key } = issue({ commonName: name, names: [name], issuer, use: 'server' });
  const { id } = await client.createCertificate({ body: { chain: certificate + issuer.certificate, privateKey: key } });
  return id;
}

/** Starts both processes, waits for a handshake, and lets them rest. Memory in bytes. */
async function startOnce(home: Prepared): Promise<{ seconds: number; agent: number; control: number }> {
  const start = performance.now();
  const installation = await resumeInstallation({ directory: home.directory, workers: 1, core: null });
  try {
    await eventually('the first handshake', () => shakesHands(home), POLL_MILLISECONDS);
    const seconds = (performance.now() - start) / 1000;
    await installation.settled();
    return { seconds, ...(await sample(installation)) };
  } finally {
    await installation.stop();
  }
}

async function sample(installation: Processes): Promise<{ agent: number; control: number }> {
  const agent: number[] = [];
  const control: number[] = [];
  for (let left = SAMPLES; left > 0; left -= 1) {
    await sleep(1_000);
    agent.push(residentBytes(installation.agentPids()));
    control.push(residentBytes(installation.controlPids()));
  }
  return { agent: median(agent), control: median(control) };
}

/** Whether a client gets the certificate of the name. */
function shakesHands({ address: host, port, name }: Prepared): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, servername: name, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().subjectaltname === `DNS:${name}`);
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
