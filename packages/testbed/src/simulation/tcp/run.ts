import {
  CALM,
  drawConditions,
  drawFaults,
  type NetworkConditions,
} from '@evenkeel/proxy/reactor/simulated/conditions.ts';
import { SimulatedNetwork } from '@evenkeel/proxy/reactor/simulated/network.ts';
import { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import type { SimulatedReactor } from '@evenkeel/proxy/reactor/simulated/simulated-reactor.ts';
import { Journal } from '../journal.ts';
import { inspectLeaks, type MiddleLimits } from '../leaks.ts';
import type { MakeMiddle } from '../middle.ts';
import { Peer, type PeerSetting } from './peer.ts';
import type { TcpScenario } from './plan.ts';
import { drawTcpScenario } from './scenario.ts';

/** How long the dialogues of one run may take, in milliseconds of virtual time. */
const LONGEST = 3_600_000;

export interface TcpRun {
  readonly scenario: TcpScenario;
  readonly conditions: NetworkConditions;
  readonly limits: MiddleLimits;
  readonly middle: MakeMiddle;
  /** The middle speaks HTTP, and the dialogues begin with a switch of protocols. */
  readonly upgrades?: boolean;
  /** Labels of origins whose host answers nothing, as if it were off. */
  readonly deaf?: readonly string[];
}

/** The run that a seed stands for; see `httpRun`. */
export function tcpRun(seed: number, middle: MakeMiddle, origins: number): TcpRun {
  const random = new Random(seed);
  const kind = seed % 4;
  const strict = kind < 2;
  const scenario = drawTcpScenario(random, strict, origins);
  const ample = { buffers: 200, largeBuffers: 4, descriptors: 1000 };
  if (seed % 10 === 0) return { scenario, conditions: CALM, limits: ample, middle };
  const conditions = strict ? drawConditions(random) : drawConditions(random, drawFaults(random));
  const scarce = { buffers: random.between(1, 12), largeBuffers: 1, descriptors: random.between(3, 14) };
  return { scenario, conditions, limits: kind === 3 ? scarce : ample, middle };
}

/** Plays one scenario on a network of its own and says what went wrong. */
export function playTcp(seed: number, run: TcpRun, trace: ((line: string) => void) | null = null): Journal {
  const { scenario, conditions, limits } = run;
  const { strict } = scenario;
  const network = new SimulatedNetwork(seed, conditions, trace);
  const journal = new Journal(network);
  const between = network.createReactor({ label: 'middle', address: '10.3.0.1', ...limits });
  const middle = run.middle(between, scenario.origins);
  const dialogues = new Map(scenario.dialogues.map((dialogue) => [dialogue.id, dialogue]));
  const peers: Peer[] = [];
  const setting = (reactor: SimulatedReactor): PeerSetting => {
    return { reactor, dialogues, journal, strict, upgrades: run.upgrades ?? false };
  };
  const hostOf = (label: string, address: string): SimulatedReactor =>
    network.createReactor({ label, address, buffers: 24, descriptors: 1000 });
  const origins = scenario.origins.map(({ label, address, port }) => {
    const reactor = hostOf(label, address);
    if (run.deaf?.includes(label)) network.silenceHost(address);
    reactor.listen(
      { address, port, backlog: 128, reusePort: false },
      {
        onListening() {},
        onAccept: (connection) => {
          const accept = (handler: Peer['connection']['handler']) => {
            connection.handler = handler;
            return connection;
          };
          peers.push(new Peer(setting(reactor), 'origin', null, accept));
        },
        onFailed: (_socket, error) => journal.violate(error.message),
      },
    );
    return reactor;
  });
  network.run(100);
  const clients = scenario.dialogues.map((dialogue) => {
    const reactor = hostOf(dialogue.id, dialogue.address);
    reactor.setTimer(dialogue.startsAfter, () => {
      const connect = (handler: Peer['connection']['handler']) => reactor.connect(middle.front, handler);
      peers.push(new Peer(setting(reactor), 'client', dialogue, connect));
    });
    return reactor;
  });
  const isDone = () =>
    peers.filter((peer) => peer.side === 'client' && peer.closed).length === scenario.dialogues.length &&
    (!strict || peers.every((peer) => peer.closed));
  const outcome = network.run(LONGEST, () => isDone() || journal.violations.length > 20);
  if (outcome !== 'done') journal.violate(`the dialogues are not over after ${LONGEST} ms`);
  inspectLeaks(network, between, middle, journal, limits, [...origins, ...clients]);
  return journal;
}
