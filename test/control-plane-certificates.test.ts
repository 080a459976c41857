import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { requiresPostgres } from '@evenkeel/testbed/postgres-server.ts';
import { ControlPlanes, type Member } from './product/control-planes.ts';
import { until } from './product/until.ts';

/** Control planes on one PostgreSQL, each with a certificate of its own, and a node that has joined. */

const stateAt = ({ client }: Member) =>
  client.listNodes().then(
    ({ items }) => items[0]?.state,
    () => 'nobody leads',
  );

test('a node that joined through a follower follows each change of the leader, whose certificate is another one', {
  skip: requiresPostgres(),
}, async (t) => {
  await using planes = await ControlPlanes.start(2, { tls: true });
  const first = await planes.leader();
  const [second] = await planes.followers();
  assert.notEqual(first.fingerprint, second!.fingerprint);
  const { token } = await second!.client.createJoinToken({ body: {} });
  const agent = await planes.joinAgent(token, [second!, first]);
  await until('the node is at the leader', async () => (await stateAt(first)) === 'ready');
  const identity = () =>
    JSON.parse(readFileSync(join(planes.folder, 'agent', 'credentials', 'node-identity.json'), 'utf8')) as {
      readonly fingerprints: readonly string[];
    };
  assert.deepEqual(identity().fingerprints, [first.fingerprint, second!.fingerprint]);

  const killed = performance.now();
  await planes.kill(first);
  await until('the node is at the one that was left', async () => (await stateAt(second!)) === 'ready');
  t.diagnostic(`at the next leader after ${((performance.now() - killed) / 1_000).toFixed(1)} s`);
  assert.equal((await planes.leader()).url, second!.url);
  await until('it has been told', () => identity().fingerprints[0] === second!.fingerprint);

  const back = await planes.revive(first);
  assert.equal(back.fingerprint, first.fingerprint, 'it has kept its certificate');
  await planes.kill(second!);
  await until('the node is at the first again', async () => (await stateAt(back)) === 'ready');
  assert.ok(!agent.log.some((line) => line.includes('another one than is trusted')), agent.log.join('\n'));
});
