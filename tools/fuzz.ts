import { globSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../packages/proxy/src/reactor/simulated/random.ts';
import { describeFailure, fuzz } from '../packages/testbed/src/fuzz/fuzz.ts';
import type { FuzzTarget } from '../packages/testbed/src/fuzz/target.ts';
import { readOptions } from './command-line.ts';

const HELP = `npm run fuzz -- [options]

Runs the targets of all *.fuzz.ts files, each for its part of the time.

  --seconds N    in all (60)
  --seed N       where chance begins; another one finds other inputs (by default it is drawn and printed)
  --target NAME  this one alone
  --input BASE64 checks this input and nothing else, to see a failure again
  --help`;

const root = join(import.meta.dirname, '..');
const { values } = readOptions('fuzz', HELP, {
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 32)) },
    target: { type: 'string' },
    input: { type: 'string' },
  },
});

const all = await findTargets();
const targets = all.filter(({ name }) => values.target === undefined || name === values.target);
const seconds = Number(values.seconds);
if (targets.length === 0) fail(`no target ${values.target}; there are ${all.map(({ name }) => name).join(', ')}`);
else if (!(seconds > 0)) fail(`--seconds takes a number above 0, not ${values.seconds}`);
else if (values.input !== undefined && targets.length > 1) fail('--input needs --target');
else if (values.input !== undefined) await replay(targets[0]!, Buffer.from(values.input, 'base64'));
else for (const target of targets) await attack(target, (seconds * 1_000) / targets.length);

async function attack(target: FuzzTarget, milliseconds: number): Promise<void> {
  const deadline = performance.now() + milliseconds;
  const { inputs, outcomes, failure } = await fuzz(
    target,
    new Random(Number(values.seed)),
    () => performance.now() < deadline,
  );
  console.log(`${target.name}: ${inputs} inputs, ${outcomes} different outcomes, seed ${values.seed}`);
  if (failure !== null) fail(describeFailure(failure));
}

async function replay(target: FuzzTarget, input: Uint8Array): Promise<void> {
  try {
    console.log(`${target.name}: ${await target.check(input)}`);
  } catch (error) {
    fail(describeFailure({ target: target.name, input, error }));
  }
}

/** A `*.fuzz.ts` file exports targets and nothing else. */
async function findTargets(): Promise<FuzzTarget[]> {
  const files = globSync('packages/*/src/**/*.fuzz.ts', { cwd: root }).sort();
  const modules = await Promise.all(files.map((file) => import(join(root, file))));
  return modules.flatMap((module) => Object.values(module) as FuzzTarget[]);
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = 1;
}
