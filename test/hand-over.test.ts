import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, type TestContext, test } from 'node:test';
import { createClient } from '@evenkeel/client/client.ts';
import { waitApplied } from '@evenkeel/client/wait.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { adminToken, Evenkeel, pidOf, runningOn, temporaryHome } from '../packages/cli/test/evenkeel.ts';
import { DeathAt, MOMENTS, type Moment } from './product/dies-at.ts';
import { Newcomers } from './product/newcomers.ts';
import { until } from './product/until.ts';

/** Node agents that are killed in the middle of an upgrade, old and new ones, at each step of it. */

const PORT = 8080;
const CLIENTS = 4;
const BIN = join(import.meta.dirname, '..', 'bin', 'evenkeel.mjs');

/** What a request in flight may come to when its process is killed: nothing is refused. */
const IN_FLIGHT = /^(ECONNRESET|closed without an answer)$/;

/** All of them on one reactor; on the other one those at which sockets change hands. */
const CASES: readonly (readonly [reactor: 'uring' | 'portable', moments: readonly Moment[]])[] = [
  ['uring', MOMENTS],
  ['portable', ['loaded', 'paused', 'go']],
];

for (const [reactor, moments] of CASES) {
  describe(`an upgrade in which an agent is killed (${reactor})`, { skip: requiresReactor(reactor) }, () => {
    test(`at ${moments.join(', ')}: no connection is refused, no socket is lost, and the next upgrade goes through`, async (t) => {
      const home = temporaryHome(t);
      const death = new DeathAt(home);
      const vip = await serve(t, home, reactor, death);
      for (const moment of moments) {
        const clients = new Newcomers(vip, PORT, CLIENTS);
        t.after(() => clients.stop());
        await until('traffic flows', () => clients.answered > 50);
        const before = pidOf(home, 'node agent');
        death.await(moment);
        const said = await upgrade(home);
        // The old one hears of its retirement after the upgrade is over.
        await until(`an agent was killed at ${moment}`, () => death.happened);
        await until(`one agent serves after a death at ${moment}`, () => agentsOn(home) === 1);
        const mark = clients.answered;
        await until(`traffic flows after a death at ${moment}`, () => clients.answered > mark + 50);
        await clients.stop();
        const lost = [...clients.outcomes].filter(([outcome]) => outcome !== '200');
        assert.deepEqual(
          lost.filter(([outcome]) => !IN_FLIGHT.test(outcome)),
          [],
          `what was refused by a death at ${moment}`,
        );
        assert.ok(lost.reduce((sum, [, count]) => sum + count, 0) <= CLIENTS, `lost at ${moment}: ${lost}`);
        t.diagnostic(`${moment}: ${said.split('\n')[0]}; process ${before} → ${pidOf(home, 'node agent')}`);
      }
      const old = pidOf(home, 'node agent');
      assert.match(await upgrade(home), /The new node agent serves/);
      assert.notEqual(pidOf(home, 'node agent'), old);
    });
  });
}

/** Starts an installation with one load balancer; resolves with its address. */
async function serve(t: TestContext, home: string, reactor: string, { environment }: DeathAt): Promise<string> {
  const server = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const flags = ['--no-demo', '--reactor', reactor, '--workers', '2', '--drain-timeout', '1'];
  const evenkeel = new Evenkeel(home, flags, { environment });
  const { url } = await evenkeel.ready();
  const client = createClient({ url: String(url), token: adminToken(home) });
  const target = { address: '127.0.0.1', port: (server.address() as AddressInfo).port };
  const service = { targets: [target], healthCheck: { enabled: false } };
  const listener = { name: 'web', protocol: 'http' as const, port: PORT, service };
  const created = await client.createLoadBalancer({ body: { name: 'web', listeners: [listener] } });
  const { status } = await waitApplied(client, created.operationId, { timeout: 30_000 });
  assert.equal(status, 'applied');
  return created.vip;
}

/** What `evenkeel upgrade` says, whether it goes through or is taken back. */
async function upgrade(home: string): Promise<string> {
  const args = [BIN, 'upgrade', '--home', home, '--agent-only', '--drain-timeout', '1'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  assert.ok(code === 0 || code === 1, stderr);
  return stdout + stderr;
}

function agentsOn(home: string): number {
  return runningOn(home)?.processes.filter(({ name }) => name.startsWith('node agent')).length ?? 0;
}
