import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../src/start/home.ts';

interface Step {
  readonly command: string;
  /** `…` stands for any text; on a line of its own, for any lines. */
  readonly output: string;
}

/** The commands of the ```console blocks, each with the output that the README claims. */
function stepsOf(markdown: string): Step[] {
  return [...markdown.matchAll(/^```console\n([\s\S]*?)^```/gm)].flatMap(([, block]) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((text) => {
        const [command, ...output] = text.split('\n');
        return { command, output: output.join('\n') };
      }),
  );
}

/** Widths of columns follow their content, so any run of spaces stands for any other. */
function patternOf(output: string): RegExp {
  const source = output
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replace(/^…$/gm, '[\\s\\S]*')
    .replaceAll('…', '.*')
    .replace(/ +/g, ' +');
  return new RegExp(`^${source.replace(/\n$/, '\n?')}$`);
}

/** Commands that a person types only when the API is there. */
const NEEDS_API = /bin\/evenkeel (?!status)|127\.0\.0\.1:7700/;

export interface Surroundings {
  /** The page, below the root. */
  readonly page: string;
  readonly home: string;
  /** Origin of the API. */
  readonly url: string;
  /** Text of the page as it has to be on this machine. */
  readonly here: (text: string) => string;
  /** Fewest commands that the page must have. */
  readonly atLeast: number;
}

/** Types every command of a page into one shell, and checks that each prints what the page says. */
export async function takeTour({ page, home, url, here, atLeast }: Surroundings): Promise<void> {
  const steps = stepsOf(readFileSync(join(ROOT, page), 'utf8'));
  assert.ok(steps.length >= atLeast, `${page} has ${steps.length} commands`);
  const script = [
    'curl() { command curl --silent --show-error --retry 5 --retry-connrefused --retry-delay 1 "$@"; }',
    // A person takes longer to type the next command than a killed control plane to come back.
    `back() { until command curl --silent --output /dev/null ${url}/v1/openapi.json; do sleep 0.05; done; }`,
    ...steps.map(({ command }, i) => `echo '<<${i}>>'; ${NEEDS_API.test(command) ? 'back; ' : ''}${here(command)}`),
    // What the page left running in the background, if anything.
    'kill $(jobs -p) 2>/dev/null; true',
  ].join('\n');
  const env = { ...process.env, EVENKEEL_HOME: home };
  const { stdout } = await promisify(execFile)('bash', ['-c', script], { cwd: ROOT, env, timeout: 60_000 });
  const said = stdout
    .replaceAll('\r', '')
    .split(/<<\d+>>\n/)
    .slice(1);
  for (const [i, { command, output }] of steps.entries()) {
    assert.match(said[i], patternOf(here(output)), `$ ${command}\n${said[i]}`);
  }
}
