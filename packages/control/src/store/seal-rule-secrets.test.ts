import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { DEFAULT_QUOTAS } from '@evenkeel/model/limits.ts';
import { temporaryHome } from '../../test/home.ts';
import { createFromDocument } from '../configuration/apply.ts';
import { network } from '../resources/addresses.ts';
import { keysWithSecrets } from '../routing/jwt-secrets.ts';
import { Vault } from '../secrets/vault.ts';
import type { RuleRecord } from '../state/records.ts';
import { SqliteFile } from './sqlite.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import { Store } from './store.ts';

const SECRET = 'c2VjcmV0LW9mLXRva2Vucy1hbmQtbG9uZy1lbm91Z2g';
const KEY = { kty: 'oct', kid: 'a', k: SECRET };

function open(home: string): Promise<Store> {
  return Store.open({
    file: join(home, 'state', 'evenkeel.db'),
    vault: new Vault(join(home, 'credentials', 'secrets.key')),
    quotas: DEFAULT_QUOTAS,
    pools: { vip: network('127.77.0.0/16'), elasticIp: network('127.88.0.0/16') },
    now: Date.now,
    random: Math.random,
    secret: randomBytes,
  });
}

function ruleOf({ state }: Store): RuleRecord {
  const [tree] = state.loadBalancers.values();
  return [...[...tree!.ruleGroups.values()][0]!.rules.values()][0]!;
}

/** Writes the row as it was before secrets had a column, and an answer that was kept for repetitions. */
function unseal(file: string, { id, jwt }: RuleRecord): void {
  const sqlite = new SqliteFile(file);
  const row = sqlite.raw.prepare('select settings from rule').get() as { settings: string };
  const settings = JSON.stringify({ ...JSON.parse(row.settings), jwt: { ...jwt, keys: [KEY] } });
  sqlite.raw.prepare('update rule set settings = ?, jwt_secrets = null where id = ?').run(settings, id);
  const answer = JSON.stringify({ body: { jwt: { keys: [KEY] } } });
  sqlite.raw.prepare("insert into idempotency values ('admin', 'k', 'f', 1, ?)").run(answer);
  sqlite.close();
}

test('secrets of rules that an older version has written are sealed when the state is opened', async (t) => {
  const home = temporaryHome(t);
  const file = join(home, 'state', 'evenkeel.db');
  let store = await open(home);
  await store.write({
    action: 'test',
    actor: 'test',
    requestId: '',
    run: (draft) =>
      createFromDocument(draft, {
        name: 'a',
        ruleGroups: [
          {
            name: 'web',
            rules: [{ name: 'app', respond: { status: 200 }, jwt: { keys: [KEY], algorithms: ['HS256'] } }],
          },
        ],
      }),
  });
  const rule = ruleOf(store);
  await store.close();
  unseal(file, rule);
  assert.ok(readFileSync(file, 'latin1').includes(SECRET), 'the test has made a file of an older version');

  for (const when of ['at the first start', 'at the next']) {
    store = await open(home);
    const found = ruleOf(store);
    assert.deepEqual(found.jwt?.keys, [{ kty: 'oct', kid: 'a', secretSet: true }], when);
    assert.deepEqual(keysWithSecrets(found), [KEY], when);
    assert.equal(
      (store.database as SqliteDatabase).file.raw.prepare('select count(*) as n from idempotency').get()?.['n'],
      0,
      when,
    );
    await store.close();
    for (const name of readdirSync(dirname(file))) {
      assert.ok(!readFileSync(join(dirname(file), name), 'latin1').includes(SECRET), `${name} ${when}`);
    }
  }
});
