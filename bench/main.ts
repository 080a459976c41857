import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseBalancers, type Field } from './balancers.ts';
import type { Scenario } from './bench.ts';
import { updateDocument } from './document.ts';
import { describeMachine, otherBalancers } from './machine.ts';
import { HELP, type Options, parseOptions } from './options.ts';
import { installMissing, onPath } from './packages.ts';
import { killAll } from './process/children.ts';
import { type Result, saveResult } from './results.ts';
import { chooseScenarios, SCENARIOS } from './scenarios.ts';
import { asText, tableOf } from './table.ts';
import { compare } from './verdict.ts';

const say = (line: string) => console.log(line);

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options.help) {
      say(HELP + SCENARIOS.map((scenario) => `  ${scenario.name.padEnd(24)}${scenario.title}`).join('\n'));
      return 0;
    }
    return await bench(options, chooseScenarios(options.scenarios));
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`);
    return 1;
  }
}

async function bench(options: Options, scenarios: readonly Scenario[]): Promise<number> {
  if (options.settings.pinned && availableParallelism() < 2) throw new Error('pinning takes two cores: use --no-pin');
  if (options.install) await installMissing(say);
  for (const program of ['wrk', 'nginx']) {
    if (!onPath(program)) throw new Error(`${program} makes the load or the answers, and is not installed`);
  }
  for (const other of otherBalancers()) say(`warning: ${other} runs on this machine and may disturb the measurements`);
  const field = await chooseBalancers(options);
  for (const [name, version] of Object.entries(field.versions)) say(`${name}: ${version}`);
  for (const [name, reason] of Object.entries(field.skipped)) say(`${name} is left out: ${reason}`);
  const directory = mkdtempSync(join(tmpdir(), 'evenkeel-bench-'));
  const cleanUp = () => {
    killAll();
    rmSync(directory, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      cleanUp();
      process.exit(1);
    });
  }
  try {
    return await runAll(options, scenarios, field, directory);
  } finally {
    cleanUp();
  }
}

/** Runs the scenarios; one that fails does not stop the others. Resolves with the exit code. */
async function runAll(
  options: Options,
  scenarios: readonly Scenario[],
  field: Field,
  directory: string,
): Promise<number> {
  let failed = 0;
  for (const scenario of scenarios) {
    say(`\n${scenario.name}: ${scenario.title}`);
    try {
      const result = await runOne(options, scenario, field, directory);
      const peers = Object.keys(result.rounds).filter((name) => name !== result.ours);
      say(asText(tableOf(result.comparisons, result.ours, peers)));
      if (options.save) say(`written: ${saveResult(result)}`);
    } catch (error) {
      failed += 1;
      console.error(`${scenario.name} failed: ${(error as Error).message}`);
      killAll();
    }
  }
  if (options.save) say(`\nwritten: ${updateDocument()}`);
  return failed === 0 ? 0 : 1;
}

async function runOne(options: Options, scenario: Scenario, field: Field, directory: string): Promise<Result> {
  const { settings } = options;
  const rounds = await scenario.run({ balancers: field.balancers, settings, directory, say });
  return {
    scenario: scenario.name,
    title: scenario.title,
    finished: new Date().toISOString(),
    ours: field.ours,
    machine: describeMachine(),
    settings,
    versions: field.versions,
    skipped: field.skipped,
    comparisons: compare(rounds, field.ours, scenario.targets),
    rounds: Object.fromEntries(rounds),
  };
}
