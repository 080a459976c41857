import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { createClient } from '@evenkeel/client/client.ts';
import { waitApplied } from '@evenkeel/client/wait.ts';
import { adminToken, Evenkeel, pidOf, temporaryHome } from '../packages/cli/test/evenkeel.ts';
import { earlierVersion } from './product/earlier-version.ts';
import { Newcomers } from './product/newcomers.ts';
import { Traffic } from './product/traffic.ts';
import { until } from './product/until.ts';

const PORT = 8080;
const BIN = join(import.meta.dirname, '..', 'bin', 'evenkeel.mjs');

test('an upgrade from an earlier version under load: nothing is refused, nothing fails, and the state goes on', async (t) => {
  const earlier = earlierVersion(t);
  if ('missing' in earlier) {
    t.skip(earlier.missing);
    return;
  }
  const home = temporaryHome(t);
  const server = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const evenkeel = new Evenkeel(home, ['--no-demo', '--drain-timeout', '1'], { root: earlier.root });
  const { url } = await evenkeel.ready();
  const client = createClient({ url: String(url), token: adminToken(home) });
  const target = { address: '127.0.0.1', port: (server.address() as AddressInfo).port };
  const service = { targets: [target], healthCheck: { interval: 1 } };
  const listener = { name: 'web', protocol: 'http' as const, port: PORT, service };
  const created = await client.createLoadBalancer({ body: { name: 'web', listeners: [listener] } });
  assert.equal((await waitApplied(client, created.operationId, { timeout: 30_000 })).status, 'applied');
  const crowd = new Traffic(`http://${created.vip}:${PORT}/`, 4);
  t.after(() => crowd.stop());
  const newcomers = new Newcomers(created.vip, PORT, 4);
  t.after(() => newcomers.stop());
  await until('traffic flows', () => crowd.answered > 100 && newcomers.answered > 100);
  const before = [pidOf(home, 'node agent'), pidOf(home, 'control plane')];

  const child = spawn(process.execPath, [BIN, 'upgrade', '--home', home], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^The new node agent serves [\s\S]*The new control plane answers\.\n$/);
  const marks = [crowd.answered, newcomers.answered] as const;
  await until('traffic goes on', () => crowd.answered > marks[0] + 100 && newcomers.answered > marks[1] + 100);
  await Promise.all([crowd.stop(), newcomers.stop()]);
  assert.deepEqual(crowd.failures, []);
  assert.deepEqual([...newcomers.outcomes.keys()], ['200']);
  assert.ok([pidOf(home, 'node agent'), pidOf(home, 'control plane')].every((pid) => pid && !before.includes(pid)));

  // The new version has the state of the earlier one, and can change it.
  const { items } = await client.listListeners();
  assert.deepEqual(
    items.map(({ name }) => name),
    ['web'],
  );
  const body = { idleTimeout: 50 };
  const { operationId } = await client.updateListener({ params: { listenerId: items[0]!.id }, body });
  assert.equal((await waitApplied(client, operationId, { timeout: 30_000 })).status, 'applied');
  evenkeel.signal('SIGINT');
  assert.equal(await evenkeel.ended(), 0);
});
