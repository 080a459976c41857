import { parseArgs } from 'node:util';
import type { Settings } from './bench.ts';

export interface Options {
  readonly help: boolean;
  /** Names of scenarios, or how they begin; none means all. */
  readonly scenarios: readonly string[];
  /** Balancers to measure; empty means all. */
  readonly balancers: readonly string[];
  /** Measure the data plane alone, without control plane and agent. */
  readonly engine: boolean;
  /** Write result files and docs/benchmarks.md. */
  readonly save: boolean;
  /** Install missing Debian packages. */
  readonly install: boolean;
  readonly settings: Settings;
}

export const HELP = `npm run bench -- [options] [scenario …]

Measures Evenkeel side by side with HAProxy and nginx on this machine, in alternating rounds, and prints medians,
ratios and targets. Without a scenario, all of them run (about 20 minutes). A name may be cut short: keepalive.

  --quick             one short round each: to see that it works, not to quote; saves nothing
  --rounds N          rounds of each scenario (5)
  --seconds N         length of one measurement (5)
  --no-pin            let the kernel place the programs, instead of balancer on core 0, load and origins on core 1
  --balancers A,B     measure only these: haproxy, nginx, evenkeel
  --engine            measure the data plane alone, without control plane and agent; saves nothing
  --no-save           do not write bench/results and docs/benchmarks.md
  --no-install        do not install missing Debian packages
  --help

Scenarios:
`;

/** Reads the command line; throws an error with one clear sentence when it cannot be understood. */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      'no-pin': { type: 'boolean', default: false },
      balancers: { type: 'string', default: '' },
      engine: { type: 'boolean', default: false },
      'no-save': { type: 'boolean', default: false },
      'no-install': { type: 'boolean', default: false },
    },
  });
  return {
    help: values.help,
    scenarios: positionals,
    balancers: values.balancers.split(',').filter(Boolean),
    engine: values.engine,
    save: !values['no-save'] && !values.quick && !values.engine,
    install: !values['no-install'],
    settings: {
      rounds: positive('--rounds', values.rounds, values.quick ? 1 : 5),
      seconds: positive('--seconds', values.seconds, values.quick ? 2 : 5),
      pinned: !values['no-pin'],
      quick: values.quick,
    },
  };
}

function positive(name: string, text: string | undefined, preset: number): number {
  if (text === undefined) return preset;
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new Error(`${name} takes a whole number from 1 to 9999, not ${text}`);
}
