import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { DEFAULT_QUOTAS } from '@evenkeel/model/limits.ts';
import { network } from '../src/resources/addresses.ts';
import { Vault } from '../src/secrets/vault.ts';
import { Store } from '../src/store/store.ts';
import { temporaryHome } from './home.ts';
import { seeded } from './random-changes.ts';

const ROUNDS = 8;

test('kill -9 at any moment loses no acknowledged write, and the state opens again', async (t) => {
  const file = join(temporaryHome(t), 'state', 'evenkeel.db');
  const random = seeded(3);
  const acknowledged = new Set<string>();
  let first = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const writer = spawn(process.execPath, [join(import.meta.dirname, 'store-writer.ts'), file, String(first)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => writer.kill('SIGKILL'));
    // Dies after a number of acknowledgements, in the middle of what follows.
    const last = 1 + Math.floor(random() * 60);
    let seen = 0;
    for await (const line of createInterface(writer.stdout)) {
      if (line === 'open') continue;
      acknowledged.add(`n${line}`);
      if (++seen === last) writer.kill('SIGKILL');
    }
    if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit');
    assert.equal(writer.signalCode, 'SIGKILL');

    const store = await Store.open({
      file,
      quotas: DEFAULT_QUOTAS,
      pools: { vip: network('127.77.0.0/16'), elasticIp: network('127.88.0.0/16') },
      now: Date.now,
      random: Math.random,
      secret: randomBytes,
      vault: new Vault(`${file}.key`),
    });
    const names = new Set([...store.state.elasticIps.values()].map(({ name }) => name));
    for (const name of acknowledged) assert.ok(names.has(name), `round ${round}: ${name} was acknowledged`);
    // A generation for each write, and an operation for each generation.
    assert.equal(store.state.generation, names.size);
    const operations = await store.read((db) => db.selectFrom('operation').select('id').execute());
    assert.equal(operations.length, names.size);
    first = 1 + Math.max(...[...names].map((name) => Number(name.slice(1))));
    await store.close();
  }
});
