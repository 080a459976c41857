import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startTimeOf } from '../src/start/process-time.ts';
import { adminToken, ask, Evenkeel, pidOf, temporaryHome, until } from './evenkeel.ts';

interface NodeView {
  readonly id: string;
  readonly status: string;
}

test('a node agent alone is a node of the control plane that it names', async (t) => {
  const [first, second] = [temporaryHome(t), temporaryHome(t)];
  const whole = new Evenkeel(first, ['--no-demo']);
  const { url } = await whole.ready();
  const args = ['--join', String(url), '--node-name', 'second'];

  const stranger = new Evenkeel(second, args);
  assert.equal(await stranger.ended(), 1);
  assert.match(stranger.stderr, /node-identity\.json is not there, and there is no join token: have one made/);

  mkdirSync(join(second, 'credentials'), { mode: 0o700 });
  copyFileSync(join(first, 'credentials', 'node.json'), join(second, 'credentials', 'node.json'));
  const node = new Evenkeel(second, args);
  const { metricsUrl, processes } = await node.ready();
  assert.match(node.stdout, new RegExp(`Control plane +${url}`));
  assert.deepEqual(
    processes.map(({ name }) => name),
    ['node agent'],
  );
  assert.equal((await ask(String(metricsUrl)))?.status, 200);
  const headers = { authorization: `Bearer ${adminToken(first)}` };
  const nodes = async (): Promise<NodeView[]> =>
    (JSON.parse((await ask(`${url}/v1/nodes`, { headers }))?.body ?? '{"items":[]}') as { items: NodeView[] }).items;
  await until('the control plane knows it', async () =>
    (await nodes()).some(({ id, status }) => id === 'second' && status === 'online'),
  );
  assert.equal((await nodes()).length, 2);

  // The supervisor keeps it running.
  const before = pidOf(second, 'node agent')!;
  process.kill(before, 'SIGKILL');
  await until('another one runs', () => ![null, before].includes(pidOf(second, 'node agent')));

  node.signal('SIGTERM');
  assert.equal(await node.ended(), 0);
  assert.equal(startTimeOf(before), null);
  assert.ok(!readdirSync(second).includes('state'), 'there is no state of a control plane');
  whole.signal('SIGTERM');
  assert.equal(await whole.ended(), 0);
});
