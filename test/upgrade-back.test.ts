import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createClient } from '@evenkeel/client/client.ts';
import { requestUpgrade } from '../packages/cli/src/start/control-socket.ts';
import { adminToken, Evenkeel, pidOf, runningOn, temporaryHome } from '../packages/cli/test/evenkeel.ts';

const PACKAGES = join(import.meta.dirname, '..', 'packages');

/** A version like this one, but for its control plane, which migrates the state as none before could read it, and fails. */
function brokenVersion(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'evenkeel-version-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'packages', 'control', 'src'), { recursive: true });
  for (const name of readdirSync(PACKAGES)) {
    if (name !== 'control') symlinkSync(join(PACKAGES, name), join(root, 'packages', name));
  }
  writeFileSync(
    join(root, 'packages', 'control', 'src', 'main.ts'),
    `import { DatabaseSync } from 'node:sqlite';
     const home = process.argv[process.argv.indexOf('--home') + 1];
     const state = new DatabaseSync(home + '/state/evenkeel.db');
     state.exec("insert into kysely_migration (name, timestamp) values ('9999-later', '2100'); delete from load_balancer");
     console.error('This version is broken.');
     process.exit(1);`,
  );
  return root;
}

test('a control plane that migrates the state and does not start gives way to the one before it, and its state', async (t) => {
  const home = temporaryHome(t);
  const evenkeel = new Evenkeel(home, ['--no-demo']);
  const { url } = await evenkeel.ready();
  const client = createClient({ url: String(url), token: adminToken(home) });
  await client.createLoadBalancer({ body: { name: 'web' } });
  const [agent, control] = [pidOf(home, 'node agent'), pidOf(home, 'control plane')];
  const request = { root: brokenVersion(t), node: process.execPath, drainMilliseconds: 0, agentOnly: false };
  await assert.rejects(
    requestUpgrade(String(runningOn(home)?.socket), request, () => undefined),
    /The new node agent serves, with the old control plane: the new one did not start\. This version is broken\./,
  );
  assert.notEqual(pidOf(home, 'node agent'), agent);
  assert.notEqual(pidOf(home, 'control plane'), control);
  const { items } = await client.listLoadBalancers();
  assert.deepEqual(
    items.map(({ name }) => name),
    ['web'],
  );
  assert.equal(existsSync(join(home, 'state', 'evenkeel.db.before-upgrade')), false);
  evenkeel.signal('SIGINT');
  assert.equal(await evenkeel.ended(), 0);
});
