import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { temporaryHome } from '../../test/home.ts';
import { POSTGRES_KIND, postgresServer, storeOptions } from '../../test/stores.ts';
import { createFromDocument } from '../configuration/apply.ts';
import { ProblemError } from '../problem.ts';
import { openPostgres } from '../store/postgres/open.ts';
import { parsePostgresUrl } from '../store/postgres/settings.ts';
import { Store } from '../store/store.ts';
import { Leadership } from './leadership.ts';

const PATIENT = { skip: POSTGRES_KIND.skip, timeout: 60_000 };

/** A way to the database that can fall silent, as that to a host which has lost its power: nothing is closed. */
async function relayTo(t: TestContext, url: string) {
  const { host, port } = parsePostgresUrl(url);
  const sockets = new Set<Socket>();
  let silent = false;
  const server = createServer((near) => {
    sockets.add(near.on('error', () => {}));
    if (silent) return;
    const far = connect(`${host}/.s.PGSQL.${port}`).on('error', () => {});
    sockets.add(far);
    near.on('data', (bytes) => silent || far.write(bytes)).on('close', () => far.destroy());
    far.on('data', (bytes) => silent || near.write(bytes)).on('close', () => silent || near.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const place = new URL(url);
  return {
    url: `postgres://evenkeel@127.0.0.1:${(server.address() as AddressInfo).port}${place.pathname}`,
    fallSilent() {
      silent = true;
    },
  };
}

async function open(t: TestContext, url: string) {
  const options = storeOptions(temporaryHome(t));
  const settings = parsePostgresUrl(url);
  let leadership: Leadership | undefined;
  const opened = await openPostgres(settings, options.vault, { changed: () => leadership?.wake(), waiting() {} });
  const store = new Store({ ...options, superseded: () => leadership?.stepDown() }, opened);
  const warned = Promise.withResolvers<void>();
  leadership = new Leadership({
    settings,
    database: opened.database,
    session: opened.session,
    now: Date.now,
    follow: () => store.follow(),
    warn: () => warned.resolve(),
  });
  await leadership.start({
    place: () => ({ address: 'http://127.0.0.1:1', fingerprint: null }),
    prepare: async () => {},
    elected() {},
    deposed() {},
  });
  const close = async () => {
    await leadership.close();
    await store.close();
  };
  return { store, leadership, warned: warned.promise, close };
}

test(
  'a leader whose database falls silent fails its writes soon, leads no longer, and can be closed',
  PATIENT,
  async (t) => {
    const relay = await relayTo(t, (await postgresServer()).createDatabase());
    const { store, leadership, close } = await open(t, relay.url);
    assert.ok(leadership.leads);
    relay.fallSilent();
    const write = store.write({
      action: 'test',
      actor: 'tester',
      requestId: '',
      run: (draft) => createFromDocument(draft, { name: 'a' }),
    });
    await assert.rejects(write, (error) => error instanceof ProblemError);
    assert.equal(leadership.leads, false);
    await close();
  },
);

test('a follower whose database falls silent notices it, and can be closed', PATIENT, async (t) => {
  const url = (await postgresServer()).createDatabase();
  const relay = await relayTo(t, url);
  const leader = await open(t, url);
  const follower = await open(t, relay.url);
  assert.deepEqual([leader.leadership.leads, follower.leadership.leads], [true, false]);
  relay.fallSilent();
  const reading = follower.store.read((db) => db.selectFrom('operation').selectAll().execute());
  await Promise.all([assert.rejects(reading), follower.warned]);
  assert.equal(follower.leadership.leader, null);
  await follower.close();
  await leader.close();
});
