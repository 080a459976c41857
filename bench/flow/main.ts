import { PROGRAMS, type ProgramFile } from '../../packages/flow/src/build/compile.ts';
import { testRun } from '../../packages/flow/src/loader/test-run.ts';
import { readOptions } from '../../tools/command-line.ts';
import { median, pairedRatios, quantile } from '../statistics.ts';
import { asText } from '../table.ts';
import { compare } from './comparison.ts';
import { measureCrowds, PARTS, type Part } from './crowds.ts';
import { type Case, NETWORKS, prepare } from './setting.ts';

const HELP = `npm run bench:flow -- [options]

Prints nanoseconds per packet of the balancer in the kernel, without a network. All cases take turns in every round,
beside a program that does nothing. Needs root.

  --rounds N    (15; with --compare 9)
  --repeat N    packets per case and round (500,000)
  --flows N     instead: N live connections, before, while and after a target is added and a node replaced, beside few of
                them, and NAT that writes all of them down as far as memory goes; 100000000 takes a quarter of an hour,
                18 GiB, and clang
  --compare     instead: beside no balancer, nftables and HAProxy, between network namespaces, and requests in a flood of
                denied packets; at most 10 minutes; needs nginx, wrk and iperf3, too, and two cores that nobody else uses
  --save        with --compare or --flows: write results to bench/results and docs/benchmarks.md
  --part PART   with --flows: l2, nat or nat-table alone
  --help`;

const { values } = readOptions('bench:flow', HELP, {
  options: {
    rounds: { type: 'string' },
    repeat: { type: 'string', default: '500000' },
    flows: { type: 'string' },
    part: { type: 'string' },
    compare: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds ?? (values.compare ? 9 : 15));
const repeat = Number(values.repeat);

if (values.flows !== undefined) await measureCrowds(Number(values.flows), partsOf(values.part), values.save);
else if (values.compare) await compare(rounds, values.save);
else {
  for (const program of PROGRAMS) {
    for (const guarded of [false, true]) await measure(program, guarded);
  }
}

function partsOf(part: string | undefined): readonly Part[] {
  const parts = PARTS.filter((one) => part === undefined || one === part);
  if (parts.length > 0) return parts;
  console.error(`bench:flow: --part takes ${PARTS.join(', ')}, not ${part}`);
  process.exit(2);
}

async function measure(file: ProgramFile, guarded: boolean): Promise<void> {
  const { object, cases } = await prepare(file, guarded);
  try {
    const samples = cases.map((): number[] => []);
    // The first round warms caches and the exception table, and does not count.
    for (let round = -1; round < rounds; round++) {
      for (const [index, { program, frame }] of cases.entries()) {
        const { nanoseconds } = testRun(object.program(program), frame, repeat);
        if (round >= 0) samples[index].push(nanoseconds);
      }
    }
    const rules = guarded ? `an address and ${NETWORKS} networks denied, all limits on` : 'no protection';
    console.log(`\n${file}, ${rules}: nanoseconds per packet, ${rounds} rounds of ${repeat}\n`);
    const rows = cases.map((entry, index) => row(entry, samples[index], samples[0]));
    console.log(asText([['', 'median', 'quartiles', '× floor', 'million/s', 'limit', ''], ...rows]));
  } finally {
    object.close();
  }
}

function row({ name, limit }: Case, samples: number[], floor: number[]): string[] {
  const middle = median(samples);
  const floors = median(pairedRatios(samples, floor));
  const met = limit === null || (middle <= limit.nanoseconds && floors <= (limit.floors ?? Infinity));
  const bound = limit === null ? '' : `${limit.nanoseconds}${limit.floors === undefined ? '' : `, ${limit.floors} ×`}`;
  return [
    name,
    String(middle),
    `${quantile(samples, 0.25)} – ${quantile(samples, 0.75)}`,
    floors.toFixed(1),
    (1000 / middle).toFixed(1),
    bound,
    met ? '' : 'missed',
  ];
}
