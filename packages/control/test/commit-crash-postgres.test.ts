import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Problem } from '@evenkeel/model/problem.ts';
import { parsePostgresUrl } from '../src/store/postgres/settings.ts';
import { Running } from './running.ts';
import { POSTGRES_KIND, postgresServer } from './stores.ts';

/** The server's process of a connection, from its BackendKeyData message (PostgreSQL protocol, §55.7). */
function backendIn(bytes: Buffer): number | null {
  const at = bytes.indexOf(Buffer.from([0x4b, 0, 0, 0, 12]));
  return at < 0 || bytes.length < at + 9 ? null : bytes.readInt32BE(at + 5);
}

const COMMIT = /Q....commit\0/is;

/**
 * A way to the server that kills it, in the COMMIT of the next transaction that has the marker in it: before the server
 * has it, or after it has carried it out and before anybody hears of that.
 */
class CrashingWay {
  readonly url: string;
  /** What is to happen, once. */
  armed: { readonly marker: string; readonly when: 'before' | 'after' } | null = null;

  static async open(t: TestContext, url: string): Promise<CrashingWay> {
    const sockets = new Set<Socket>();
    const { host, port } = parsePostgresUrl(url);
    let way: CrashingWay | null = null;
    const server = createServer((near) => {
      const far = connect(`${host}/.s.PGSQL.${port}`);
      for (const socket of [near, far]) sockets.add(socket.on('error', () => {}));
      way!.#relay(near, far);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    way = new CrashingWay(
      `postgres://evenkeel@127.0.0.1:${(server.address() as AddressInfo).port}${new URL(url).pathname}`,
    );
    return way;
  }

  private constructor(url: string) {
    this.url = url;
  }

  #relay(near: Socket, far: Socket): void {
    let backend: number | null = null;
    let said = '';
    let crashes = false;
    far.on('data', (bytes: Buffer) => {
      backend ??= backendIn(bytes);
      // The answer to the COMMIT.
      if (crashes) process.kill(backend!, 'SIGKILL');
      else near.write(bytes);
    });
    near.on('data', (bytes: Buffer) => {
      const text = bytes.toString('latin1');
      if (/Q....begin/is.test(text)) said = '';
      said += text;
      const { armed } = this;
      if (armed !== null && COMMIT.test(text) && said.includes(armed.marker)) {
        this.armed = null;
        crashes = true;
        if (armed.when === 'before') {
          process.kill(backend!, 'SIGKILL');
          return;
        }
      }
      far.write(bytes);
    });
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  }
}

test('a database that dies in a COMMIT: the client hears that nobody knows, and its key tells, or does it once', {
  skip: POSTGRES_KIND.skip,
  timeout: 120_000,
}, async (t) => {
  const way = await CrashingWay.open(t, (await postgresServer()).createDatabase());
  const running = await Running.start(t, { database: parsePostgresUrl(way.url) });
  for (const when of ['before', 'after'] as const) {
    const marker = `written-${when}`;
    const create = () =>
      running.try('createElasticIp', { body: { name: marker }, headers: { 'idempotency-key': marker } });
    way.armed = { marker, when };
    const lost = await create();
    assert.deepEqual([lost.status, (lost.body as Problem).code], [503, 'storage-failed'], when);
    assert.match((lost.body as Problem).detail, /see whether it is there before you repeat it/);
    let answer = await create();
    while (answer.status === 503) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      answer = await create();
    }
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    assert.equal(answer.headers.get('idempotency-replayed'), when === 'after' ? 'true' : null, when);
    const { items } = await running.call('listElasticIps', { query: { name: marker } });
    assert.deepEqual(
      items.map(({ id }) => id),
      [(answer.body as { id: string }).id],
      'once',
    );
  }
});
