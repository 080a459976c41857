import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const END = new URL('./end-process.ts', import.meta.url).href;
const LIBC = new URL('./ffi/libc.ts', import.meta.url).href;

/** What becomes of a process that ends with 7 while one of its threads runs `body`, once that has called `begun`. */
function ends(body: string): { readonly status: number | null; readonly stderr: string } {
  const thread = `
    import { parentPort } from 'node:worker_threads';
    const begun = () => parentPort.postMessage('begun');
    ${body}`;
  const program = `
    import { Worker } from 'node:worker_threads';
    import { endProcess } from ${JSON.stringify(END)};
    new Worker(${JSON.stringify(thread)}, { eval: true }).once('message', () => endProcess(7));
    process.on('exit', () => console.error('Node ends it, and its threads first'));`;
  const args = ['--input-type=module', '--eval', program];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
  return { status, stderr };
}

const withoutCalls = { skip: process.platform !== 'linux' };

test('a thread that runs without end does not hold it up', withoutCalls, () => {
  assert.deepEqual(ends('begun(); for (;;);'), { status: 7, stderr: '' });
});

test('nor does one that the kernel keeps, which would never hear of its end', withoutCalls, () => {
  const waiting = `
    import { recvfrom, socket } from ${JSON.stringify(LIBC)};
    const AF_UNIX = 1, SOCK_DGRAM = 2;
    const nobodyKnows = socket(AF_UNIX, SOCK_DGRAM, 0);
    begun();
    recvfrom(nobodyKnows, 0, 0, 0, 0, 0);`;
  assert.deepEqual(ends(waiting), { status: 7, stderr: '' });
});

test('one that is in a native module makes nothing abort', withoutCalls, () => {
  const failing = `
    import { createRequire } from 'node:module';
    const koffi = createRequire(${JSON.stringify(LIBC)})('koffi');
    begun();
    for (;;) {
      try {
        koffi.load('/there/is/no/such/library');
      } catch {}
    }`;
  assert.deepEqual(ends(failing), { status: 7, stderr: '' });
});
