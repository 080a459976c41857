import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fingerprintsInToken, type JoinAnswer } from '@evenkeel/model/plan/membership.ts';
import type { ControlPlane } from '@evenkeel/model/resources/control-plane.ts';
import type { JoinTokenCreated } from '@evenkeel/model/resources/join-token.ts';
import type { Node } from '@evenkeel/model/resources/node.ts';
import { parsePostgresUrl } from '../src/store/postgres/settings.ts';
import { temporaryHome } from './home.ts';
import { JoiningNode } from './joining-node.ts';
import { Running } from './running.ts';
import { secureCall } from './secure-call.ts';
import { POSTGRES_KIND, postgresServer } from './stores.ts';

const tls = { kind: 'self-signed' } as const;

/** Two control planes that share what the guide says, and have a certificate each. */
async function pair(t: TestContext): Promise<{ readonly leader: Running; readonly follower: Running }> {
  const database = parsePostgresUrl((await postgresServer()).createDatabase());
  const leader = await Running.start(t, { database, tls });
  const home = temporaryHome(t);
  for (const file of ['admin.json', 'node.json', 'secrets.key']) {
    cpSync(join(leader.home, 'credentials', file), join(home, 'credentials', file));
  }
  return { leader, follower: await Running.start(t, { database, home, tls }) };
}

const planesAt = async (running: Running): Promise<ControlPlane[]> =>
  ((await secureCall(running, 'GET', '/v1/control-planes')).body as { items: ControlPlane[] }).items;

test('nodes join, come and are revoked through a follower, and are told of the certificates of all control planes', {
  skip: POSTGRES_KIND.skip,
  timeout: 120_000,
}, async (t) => {
  const { leader, follower } = await pair(t);
  const both = [leader.fingerprint!, follower.fingerprint!];
  assert.notEqual(both[0], both[1]);
  const listed = await planesAt(follower);
  assert.deepEqual(
    listed.map(({ address, fingerprint, leads }) => [address, fingerprint, leads]),
    [
      [leader.url, both[0], true],
      [follower.url, both[1], false],
    ].sort(([a], [b]) => (a! < b! ? -1 : 1)),
  );
  assert.deepEqual(
    await planesAt(leader).then((items) => items.map(({ address }) => address)),
    listed.map(({ address }) => address),
  );

  const { body } = await secureCall(follower, 'POST', '/v1/join-tokens', { body: { uses: 2 } });
  const { token } = body as JoinTokenCreated;
  assert.deepEqual(fingerprintsInToken(token), both, 'the token names all, that of the leader first');
  const node = new JoiningNode('lb-1');
  const answer = await node.join(follower, token);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.deepEqual((answer.body as JoinAnswer).fingerprints, both);
  node.certificate = (answer.body as JoinAnswer).certificate;
  const second = await new JoiningNode('lb-2').joined(leader, token);
  assert.match(await new JoiningNode('lb-3').refusal(follower, token), /^join-token-refused: .*2 nodes have joined/);

  assert.equal(await node.stream(leader), '101');
  assert.match(await node.stream(follower), /^not-leading: /);
  const revoked = await secureCall(follower, 'POST', '/v1/nodes/lb-1/revoke');
  assert.equal((revoked.body as Node).state, 'revoked');
  assert.match(await node.stream(leader), /it was revoked/);
  assert.equal(await second.stream(leader), '101');

  await leader.restart();
  const { items } = (await secureCall(follower, 'GET', '/v1/nodes')).body as { items: Node[] };
  assert.deepEqual(
    items.map(({ id, state }) => [id, state]),
    [
      ['lb-1', 'revoked'],
      ['lb-2', 'not-ready'],
    ],
  );
  assert.match(await node.stream(follower), /it was revoked/, 'which leads now');
  assert.equal(await second.stream(follower), '101');
});
