import type { Mode } from '../../packages/flow/src/datapath/layout.ts';
import { median, pairedRatios } from '../statistics.ts';
import { Crowd, type CrowdOptions, type Pass, type State } from './crowd.ts';

const TARGETS = 11;
const FEW = 100_000;
/** Packets of each of few flows in a sample, so that it lasts as long as a look at a clock is exact. */
const FEW_TIMES = 50;
const ROUNDS = 3;
/** How much a packet may cost more with all flows than with few. */
export const LIMIT = 1.3;

/** What came of a packet of each flow at one point of the story. */
export interface Chapter extends State {
  readonly what: string;
  /** A packet, without what the crowd itself costs. */
  readonly nanoseconds: number;
  /** Packets that met another target than their flow did before. */
  readonly wrong: number;
}

export interface Concurrency {
  readonly mode: Mode;
  readonly flows: number;
  readonly few: number;
  readonly limit: number;
  /** Nanoseconds a packet in unchanged slots, by round: few flows, then all, then few again. */
  readonly samples: {
    readonly few: readonly number[];
    readonly all: readonly number[];
    readonly idle: readonly number[];
  };
  /** All to few, the median of those of single rounds. */
  readonly ratio: number;
  readonly chapters: readonly Chapter[];
}

/**
 * A packet of each of `flows` live connections through the real program, before, while and after a target is added and a
 * node replaced; how much it costs beside few connections, in turns.
 */
export async function measureConcurrency(
  flows: number,
  mode: Mode,
  { rounds = ROUNDS, fewTimes = FEW_TIMES } = {},
): Promise<Concurrency> {
  // A twelfth of the slots changes with the eleventh target, some more by Maglev's own moves.
  const options: CrowdOptions = { flows, targets: TARGETS, exceptions: Math.max(65_536, Math.ceil(flows / 6)), mode };
  const small = Crowd.load({ ...options, flows: FEW, exceptions: 65_536 });
  const crowd = Crowd.load(options);
  let replacement: Crowd | null = null;
  const passes: (Pass & State & { readonly what: string })[] = [];
  const samples = { few: [] as number[], all: [] as number[], idle: [] as number[] };
  const add = (what: string, pass: Pass, node = crowd) => {
    passes.push({ what, ...pass, ...node.state() });
    tell(`${mode}, ${what}`, pass); // each takes a while
  };
  try {
    await small.begin();
    small.run('SYN');
    await crowd.begin();
    add('each connection begins', crowd.run('SYN'));
    for (let round = 0; round < rounds; round++) {
      const before = costOfFew(small, fewTimes);
      const idle = crowd.run('idle').nanoseconds;
      const pass = crowd.run('ACK');
      const few = (before + costOfFew(small, fewTimes)) / 2;
      samples.few.push(few);
      samples.idle.push(idle);
      samples.all.push(pass.nanoseconds - idle);
      tell(`${mode}, in turns: ${few} ns with few; ${idle} ns of the crowd itself`, pass);
      if (round === 0) add('in unchanged slots', pass);
    }
    const half = Math.floor(flows / 2);
    const first = crowd.run('ACK', { flows: half });
    const changed = await crowd.addTarget();
    const share = (100 * changed).toFixed(1);
    add(
      `half of them before, half after a target is added; ${share} % of slots change`,
      both(first, crowd.run('ACK', { flows: flows - half })),
    );
    add('the target has been added', crowd.run('ACK'));
    replacement = Crowd.load(options);
    await replacement.replace(crowd);
    crowd.close(); // its memory is as good as two of them need
    add('another node in its place', replacement.run('ACK'), replacement);
    await replacement.settle();
    add('the table has settled there', replacement.run('ACK'), replacement);
  } finally {
    small.close();
    crowd.close();
    replacement?.close();
  }
  const idle = median(samples.idle);
  const chapters = passes.map((pass) => ({ ...pass, nanoseconds: pass.nanoseconds - idle }));
  const ratio = median(pairedRatios(samples.all, samples.few));
  return { mode, flows, few: FEW, limit: LIMIT, samples, ratio, chapters };
}

/** Of halves. */
function both(one: Pass, other: Pass): Pass {
  return { nanoseconds: (one.nanoseconds + other.nanoseconds) / 2, wrong: one.wrong + other.wrong };
}

/** Nanoseconds a packet in unchanged slots. */
function costOfFew(few: Crowd, times: number): number {
  const idle = few.run('idle', { times }).nanoseconds;
  return few.run('ACK', { times }).nanoseconds - idle;
}

/** Of what takes minutes. */
export function tell(what: string, { nanoseconds, wrong }: Pass): void {
  console.error(`${what}: ${nanoseconds} ns with the crowd itself, ${wrong} wrong`);
}
