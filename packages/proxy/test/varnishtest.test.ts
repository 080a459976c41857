import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { locate, requires } from '@evenkeel/testbed/requirements.ts';
import { freePort } from './exchange.ts';
import { Front } from './front.ts';

/** The scripts of the folder `varnishtest`, each with how its requests ended: status and reason in the access log. */
const SCRIPTS: Readonly<Record<string, readonly string[]>> = {
  chunked: ['200 none', '200 none'],
  'keep-alive': ['200 none', '200 none', '200 none'],
  pipelining: ['200 none', '200 none', '200 none'],
  'answers-without-body': ['200 none', '200 none', '304 none', '204 none', '200 none'],
  'expect-continue': ['200 none', '413 none'],
  'close-delimited': ['200 none', '200 none'],
  'head-limits': ['200 none', '431 client-request-head', '431 client-request-head'],
  'target-breaks-off': ['200 target-response-body', '200 target-response-body', '200 none'],
  'client-breaks-off': ['400 client-request-body', '400 client-request-body', '200 none'],
};
/** Far above what a script takes, in seconds. */
const PATIENCE = 20;

for (const reactor of ['uring', 'portable'] as const) {
  const skip = requiresReactor(reactor) || requires('varnishtest');
  describe(`client and target of varnishtest on ${reactor}`, { skip, timeout: 60_000 }, () => {
    let front: Front;
    let folder: string;

    before(async () => {
      front = await Front.open(reactor);
      folder = await mkdtemp(join(tmpdir(), 'evenkeel-varnishtest-'));
    });

    after(async () => {
      await front.engine.stop(1_000);
      await rm(folder, { recursive: true });
    });

    for (const [name, ends] of Object.entries(SCRIPTS)) {
      it(name, async () => {
        // A port of its own, so that no connection of the script before is left to it.
        const target = await freePort();
        await front.plan([target]);
        const { code, output } = await runScript(name, { proxy: front.port, target }, folder);
        assert.equal(code, 0, output);
        const lines = await front.lines(ends.length);
        assert.deepEqual(
          lines.map(({ status, reason }) => `${status} ${reason}`),
          ends,
        );
      });
    }
  });
}

/** Runs a script, in which `${proxy}` and `${target}` are addresses; what it says is only worth reading when it fails. */
async function runScript(
  name: string,
  { proxy, target }: Readonly<Record<'proxy' | 'target', number>>,
  folder: string,
): Promise<{ code: number | null; output: string }> {
  const macros = ['-D', `proxy=127.0.0.1:${proxy}`, '-D', `target=127.0.0.1:${target}`];
  const script = join(import.meta.dirname, 'varnishtest', `${name}.vtc`);
  const child = spawn(locate('varnishtest') ?? 'varnishtest', ['-t', String(PATIENCE), ...macros, script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: folder },
  });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { code: code as number | null, output };
}
