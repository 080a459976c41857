import { issue, type KeyKind } from '@evenkeel/testbed/certificates/issue.ts';
import type { Balancer } from '../balancers/balancer.ts';
import type { Bench, Scenario } from '../bench.ts';
import { type HandshakeKind, shakeHands } from '../load/handshakes.ts';
import { measureLoad } from '../measure.ts';
import type { Round } from '../metrics.ts';
import { PATHS } from '../origin.ts';
import { loadCore, onStage, type Stage } from '../stage.ts';
import type { Rounds, Target } from '../verdict.ts';
import { type Traffic, takeTurns } from './traffic.ts';

const NAME = 'shop.example.com';
const CONNECTIONS = 16;
const WARM_UP_SECONDS = 2;
const NO_ERRORS: Target = { metric: 'errors', kind: 'absolute', limit: 0 };

export const tlsHandshakeP256 = handshakes('tls-handshake-p256', 'p256', 'full', 0.95);
export const tlsHandshakeRsa = handshakes('tls-handshake-rsa', 'rsa-2048', 'full', 0.95);
export const tlsResumed = handshakes('tls-resumed', 'p256', 'resumed', 0.9);

const KEEPALIVE: Traffic = {
  name: 'tls-keepalive',
  title: 'HTTPS keep-alive on 64 connections (TLS 1.3, AES-128-GCM), 1 KB responses.',
  path: PATHS.small,
  connections: 64,
  tls: true,
  metrics: ['cpuPerRequest', 'userPerRequest', 'systemPerRequest', 'requestsPerSecond', 'p50', 'p99', 'busy'],
  targets: [],
};

export const tlsKeepalive: Scenario = {
  name: KEEPALIVE.name,
  title: KEEPALIVE.title,
  targets: [{ metric: 'requestsPerCpuSecond', kind: 'ratio', against: 'haproxy', limit: 1.15 }, NO_ERRORS],
  run: (bench) => {
    const work = async (stage: Stage): Promise<Rounds> => {
      const rounds = await takeTurns(bench, stage, KEEPALIVE);
      return new Map(
        [...rounds].map(([name, list]) => [name, list.map((round) => withRate(round, 'requestsPerCpuSecond'))]),
      );
    };
    return onStage(bench, secured(bench.balancers, 'p256'), work, 'small');
  },
};

function handshakes(name: string, key: KeyKind, kind: HandshakeKind, limit: number): Scenario {
  const what = kind === 'full' ? 'Full TLS 1.3 handshakes' : 'TLS 1.3 handshakes that resume a session by ticket';
  const certificate = key === 'p256' ? 'ECDSA on P-256' : 'RSA-2048';
  return {
    name,
    title: `${what} (X25519, ${certificate}), ${CONNECTIONS} at a time, without a request; each side says that it ends.`,
    targets: [{ metric: 'handshakesPerCpuSecond', kind: 'ratio', against: 'haproxy', limit }, NO_ERRORS],
    run: (bench) => onStage(bench, secured(bench.balancers, key), (stage) => measureAll(bench, stage, kind), 'small'),
  };
}

async function measureAll(bench: Bench, stage: Stage, kind: HandshakeKind): Promise<Rounds> {
  const rounds = new Map<string, Round[]>([...stage.balancers.keys()].map((name) => [name, []]));
  for (let round = 0; round <= bench.settings.rounds; round += 1) {
    for (const [name, balancer] of stage.balancers) {
      const { address, port } = balancer;
      const seconds = round === 0 ? WARM_UP_SECONDS : bench.settings.seconds;
      const load = { address, port, name: NAME, kind, connections: CONNECTIONS, seconds, core: loadCore(bench) };
      const measured = await measureLoad(stage, balancer, () => shakeHands(load));
      // The first one is for warming up.
      if (round > 0) rounds.get(name)?.push(onHandshakes(measured));
    }
    if (round > 0) bench.say(`round ${round} of ${bench.settings.rounds}`);
  }
  return rounds;
}

/** What of a measurement means something when a request is a handshake. */
function onHandshakes(measured: Round): Round {
  const { errors, foreign, stolen, p50, p99, busy } = measured;
  const kept = Object.entries({ errors, foreign, stolen, p50, p99, busy }).filter(([, value]) => value !== undefined);
  const rate = 1e6 / (measured.cpuPerRequest ?? Number.NaN);
  return { ...Object.fromEntries(kept), handshakesPerCpuSecond: rate };
}

function withRate(round: Round, metric: 'requestsPerCpuSecond'): Round {
  return { ...round, [metric]: 1e6 / (round.cpuPerRequest ?? Number.NaN) };
}

function secured(balancers: readonly Balancer[], key: KeyKind): Balancer[] {
  const tls = issue({ commonName: NAME, names: [NAME], key, use: 'server' });
  return balancers.map((balancer) => ({
    name: balancer.name,
    version: () => balancer.version(),
    start: (setup) => balancer.start({ ...setup, tls }),
  }));
}
