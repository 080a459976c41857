import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { describe, test } from 'node:test';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import { ruleGroupOf, ruleOf } from '../src/rules/fixtures/rules.ts';
import { bodyOf, freePort, httpOrigin } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

const CLIENTS = 8;
const REQUESTS = 5;
/** More than one receive brings, and less than is copied at most. */
const BYTES = 900_000;

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

for (const reactor of ['uring', 'portable'] as const) {
  describe(`mirrored uploads on ${reactor}`, { skip: requiresReactor(reactor), timeout: 60_000 }, () => {
    test('copies harm nobody, and are whole when they are made', async (t) => {
      const engine = await createEngine({ workers: 1, reactor });
      t.after(() => engine.stop(1_000));
      const copies: string[] = [];
      const main = await httpOrigin(async (incoming, response) => response.end(digest(await bodyOf(incoming))));
      const other = await httpOrigin(async (incoming, response) => {
        const body = await bodyOf(incoming).catch(() => null);
        if (body !== null && body.length === BYTES) copies.push(digest(body));
        response.end();
      });
      t.after(() => Promise.all([main.close(), other.close()]));
      const port = await freePort();
      const rule = ruleOf(
        'mirrored',
        1,
        {},
        {
          action: { type: 'forward', services: [{ serviceId: 'svc', weight: 1 }] },
          mirror: { serviceId: 'other', percent: 100 },
        },
      );
      const group = ruleGroupOf('priority', [rule]);
      const change = changeOf(
        [serviceOf([main.port]), serviceOf([other.port], { id: 'other', groupId: 'other' })],
        [listenerOf(port, { ruleGroupId: group.id })],
      );
      const key = `rule-group/${group.id}`;
      const shared = new Map([[key, { key, kind: 'rule-group' as const, hash: '', value: group }]]);
      assert.deepEqual(await engine.apply({ ...change, shared }), []);

      const sent = new Set<string>();
      const client = async (): Promise<void> => {
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        for (let i = 0; i < REQUESTS; i++) {
          const body = randomBytes(BYTES);
          sent.add(digest(body));
          const message = request({ host: '127.0.0.1', port, path: '/', method: 'POST', agent });
          message.end(body);
          const [response] = (await once(message, 'response')) as [IncomingMessage];
          assert.equal((await bodyOf(response)).toString(), digest(body));
        }
        agent.destroy();
      };
      await Promise.all(Array.from({ length: CLIENTS }, client));
      for (const copy of copies) assert.ok(sent.has(copy), 'a copy is what was sent');
    });
  });
}
