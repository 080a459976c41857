import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOptions } from '../../tools/command-line.ts';
import { productVersion } from '../balancers/product.ts';
import { describeMachine } from '../machine.ts';
import { killAll } from '../process/children.ts';
import { asText } from '../table.ts';
import { saveSoak, updateSoakDocument } from './results.ts';
import { SOAKS } from './scenarios.ts';
import { missed, type SoakScenario } from './soak.ts';
import { tableOf } from './table.ts';

const HELP = `npm run soak -- [options] [scenario …]

Puts load on Evenkeel while things change and break, and tells what clients noticed. Without a scenario, all of them run
(about 15 minutes). Exits with 1 when a figure is missed.

  --short        seconds instead of minutes: to see that it works, not to quote; saves nothing
  --reactor X    uring (default) or portable
  --no-save      do not write bench/results and docs/benchmarks.md
  --help

Scenarios:
${SOAKS.map(({ name, title }) => `  ${name.padEnd(18)}${title}`).join('\n')}`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = readOptions('soak', HELP, {
    allowPositionals: true,
    options: {
      short: { type: 'boolean', default: false },
      reactor: { type: 'string', default: 'uring' },
      'no-save': { type: 'boolean', default: false },
    },
  });
  const chosen = SOAKS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const unknown = positionals.filter((name) => !SOAKS.some((scenario) => scenario.name === name));
  if (unknown.length > 0) {
    console.error(`soak: no scenario is called ${unknown[0]}; there are ${SOAKS.map(({ name }) => name).join(', ')}`);
    return 1;
  }
  const { reactor } = values;
  if (reactor !== 'uring' && reactor !== 'portable') {
    console.error(`soak: --reactor ${reactor} is not known: uring or portable`);
    return 1;
  }
  const save = !values.short && !values['no-save'] && reactor === 'uring';
  let failed = 0;
  for (const scenario of chosen) failed += (await play(scenario, { short: values.short, reactor, save })) ? 0 : 1;
  if (save) console.log(`\nwritten: ${updateSoakDocument()}`);
  return failed === 0 ? 0 : 1;
}

interface How {
  readonly short: boolean;
  readonly reactor: 'uring' | 'portable';
  readonly save: boolean;
}

/** Whether all its figures were reached. */
async function play(scenario: SoakScenario, { short, reactor, save }: How): Promise<boolean> {
  const { name, title } = scenario;
  const directory = join(mkdtempSync(join(tmpdir(), 'evenkeel-soak-')), name);
  mkdirSync(directory);
  console.log(`\n${name}: ${title}`);
  try {
    const findings = await scenario.run({ directory, short, reactor, say: (line) => console.log(`  ${line}`) });
    console.log(asText(tableOf(findings)));
    const finished = new Date().toISOString();
    if (save) {
      const result = { scenario: `soak-${name}`, title, finished, machine: describeMachine(), version: '', findings };
      console.log(`written: ${saveSoak({ ...result, version: await productVersion() })}`);
    }
    return !findings.some(missed);
  } catch (error) {
    console.error(`${name} failed: ${(error as Error).message}`);
    return false;
  } finally {
    killAll();
    rmSync(join(directory, '..'), { recursive: true, force: true });
  }
}
