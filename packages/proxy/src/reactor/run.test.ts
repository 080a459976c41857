import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { ReactorChoice } from './choose.ts';
import { withoutUring } from './contract/available.ts';
import { Wake } from './wake.ts';

/** A worker that echoes on a port it reports, and answers messages. */
const ECHO = new URL('./run.fixture.ts', import.meta.url);

async function message(worker: Worker): Promise<unknown> {
  const [value] = await once(worker, 'message');
  return value;
}

describe('a reactor on a worker thread', () => {
  for (const choice of ['uring', 'portable'] satisfies ReactorChoice[]) {
    const skip = choice === 'uring' && withoutUring;
    it(`${choice}: takes messages while it serves, and ends when it is stopped`, { skip }, async () => {
      const wake = new Wake();
      const worker = new Worker(ECHO, { workerData: { choice, wakeDescriptor: wake.descriptor } });
      const post = (value: unknown): void => {
        worker.postMessage(value);
        wake.signal();
      };
      try {
        const { port, name } = (await message(worker)) as { port: number; name: string };
        assert.equal(name, choice);
        const client = connect(port, '127.0.0.1');
        client.write('through the worker');
        const [echoed] = await once(client, 'data');
        assert.equal(String(echoed), 'through the worker');
        for (const question of ['one', 'two', 'three']) {
          post(question);
          assert.equal(await message(worker), `heard ${question}`);
        }
        const exit = once(worker, 'exit');
        const gone = once(client, 'close').catch((error: NodeJS.ErrnoException) =>
          assert.equal(error.code, 'ECONNRESET'),
        );
        post('stop');
        assert.deepEqual(await exit, [0]);
        await gone;
      } finally {
        await worker.terminate();
        wake.close();
      }
    });

    it(`${choice}: a callback that throws ends the thread and frees its sockets`, { skip }, async () => {
      const wake = new Wake();
      const worker = new Worker(ECHO, { workerData: { choice, wakeDescriptor: wake.descriptor } });
      const { port } = (await message(worker)) as { port: number };
      const client = connect(port, '127.0.0.1');
      client.on('error', (error: NodeJS.ErrnoException) => assert.equal(error.code, 'ECONNRESET'));
      const gone = new Promise((resolve) => client.on('close', resolve));
      // A connection that waits for more: a receive is in flight when the callback throws.
      client.write('before');
      await once(client, 'data');
      client.resume();
      worker.postMessage('throw');
      wake.signal();
      const [error] = await once(worker, 'error');
      assert.match(String(error), /on purpose/);
      await gone;
      const refused = connect(port, '127.0.0.1');
      const [failure] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
      assert.equal(failure.code, 'ECONNREFUSED');
      wake.close();
    });

    it(`${choice}: an idle thread can be terminated from outside`, { skip }, async () => {
      const wake = new Wake();
      const worker = new Worker(ECHO, { workerData: { choice, wakeDescriptor: wake.descriptor } });
      await message(worker);
      await worker.terminate();
      wake.close();
    });
  }
});
