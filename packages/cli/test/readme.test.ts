import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { requires } from '@evenkeel/testbed/requirements.ts';
import { ROOT } from '../src/start/home.ts';
import { Evenkeel, temporaryHome } from './evenkeel.ts';

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

const NEEDS_API = /bin\/evenkeel (?!status)|127\.0\.0\.1:7700/;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('the tour of the README prints what it says', { skip: requires('curl', 'sed', 'awk') }, async (t) => {
  const steps = stepsOf(readFileSync(join(ROOT, 'README.md'), 'utf8'));
  assert.ok(steps.length >= 10);
  const home = temporaryHome(t);
  const evenkeel = new Evenkeel(home);
  const { url } = await evenkeel.ready();
  const [, vip, port] = await evenkeel.says(/curl http:\/\/([\d.]+):(\d+)/);

  // The README's addresses are those of a machine that runs nothing else.
  const own = await freePort();
  const here = (text: string) =>
    text
      .replaceAll('127.77.0.1:8080', `${vip}:${port}`)
      .replaceAll('http:8080', `http:${port}`)
      .replaceAll('http-8080', `http-${port}`)
      .replaceAll('127.77.0.', vip.replace(/\d+$/, ''))
      .replaceAll('http://127.0.0.1:7700', url as string)
      .replaceAll('.evenkeel/', `${home}/`)
      .replaceAll('web.yaml', `${home}/web.yaml`)
      .replaceAll('3000', String(own));
  const script = [
    'curl() { command curl --silent --show-error --retry 5 --retry-connrefused --retry-delay 1 "$@"; }',
    // A person takes longer to type the next command than a killed control plane to come back.
    `back() { until command curl --silent --output /dev/null ${url}/v1/openapi.json; do sleep 0.05; done; }`,
    ...steps.map(({ command }, i) => `echo '<<${i}>>'; ${NEEDS_API.test(command) ? 'back; ' : ''}${here(command)}`),
    'kill $(jobs -p)',
  ].join('\n');
  const env = { ...process.env, EVENKEEL_HOME: home };
  const { stdout } = await promisify(execFile)('bash', ['-c', script], { cwd: ROOT, env, timeout: 60_000 });
  const said = stdout.split(/<<\d+>>\n/).slice(1);

  for (const [i, { command, output }] of steps.entries()) {
    assert.match(said[i], patternOf(here(output)), `$ ${command}\n${said[i]}`);
  }
  rmSync(join(home, 'web.yaml'));
  evenkeel.signal('SIGINT');
  assert.equal(await evenkeel.ended(), 0);
});
