import { once } from 'node:events';
import { type ConnectionOptions, connect } from 'node:tls';
import type { HandshakeLoad } from './handshakes.ts';

/**
 * The process behind `handshakes.ts`; its only argument is the load as JSON. Groups are limited to X25519: newer clients
 * offer hybrid ones too, which only some of the balancers know, and which cost a multiple.
 */
const load = JSON.parse(process.argv[2]) as Omit<HandshakeLoad, 'core'>;
const options: ConnectionOptions = {
  host: load.address,
  port: load.port,
  servername: load.name,
  minVersion: 'TLSv1.3',
  ecdhCurve: 'X25519',
  ALPNProtocols: ['http/1.1'],
  rejectUnauthorized: false,
};

let errors = 0;
const latencies: number[] = [];
const resumed = load.kind === 'resumed';
const session = resumed ? await firstSession() : undefined;
const begin = performance.now();
const end = begin + load.seconds * 1_000;
await Promise.all(Array.from({ length: load.connections }, shakeUntilEnd));
const seconds = (performance.now() - begin) / 1_000;
latencies.sort((a, b) => a - b);
const percentile = (share: number): number => latencies[Math.floor(share * (latencies.length - 1))] ?? 0;
const result = { requests: latencies.length, bytes: 0, seconds, p50: percentile(0.5), p99: percentile(0.99), errors };
console.log(`result ${JSON.stringify(result)}`);

async function firstSession(): Promise<Buffer> {
  const socket = connect(options).resume();
  const [ticket] = (await once(socket, 'session')) as [Buffer];
  socket.end();
  await once(socket, 'close');
  return ticket;
}

async function shakeUntilEnd(): Promise<void> {
  while (performance.now() < end) await shakeHands();
}

function shakeHands(): Promise<void> {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    const socket = connect(session === undefined ? options : { ...options, session });
    socket.on('secureConnect', () => {
      if (socket.isSessionReused() === resumed) latencies.push(performance.now() - startedAt);
      else errors++;
      socket.end();
    });
    socket.on('error', () => {
      errors++;
    });
    socket.on('close', () => resolve());
    socket.resume();
  });
}
