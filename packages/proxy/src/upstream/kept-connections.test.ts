import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Keepable, KeptConnections, MOST_KEPT, MOST_KEPT_OF_NAME, type Secured } from './kept-connections.ts';
import { KeptPlace } from './kept-list.ts';

const byRequest: Secured = { isNamedByRequest: true };
const byRequestLater: Secured = { isNamedByRequest: true };
const bySettings: Secured = { isNamedByRequest: false };

class Kept implements Keepable<Kept> {
  readonly tls: Secured | null;
  readonly idleSince = 0;
  readonly serverName: string;
  readonly place = new KeptPlace<Kept>(this);
  readonly placeOfName = new KeptPlace<Kept>(this);
  closed = false;
  readonly #pool: KeptConnections<Kept>;

  constructor(pool: KeptConnections<Kept>, tls: Secured | null, serverName = '') {
    this.#pool = pool;
    this.tls = tls;
    this.serverName = serverName;
  }

  discard(): void {
    this.closed = true;
    assert.ok(this.#pool.forget(this), 'what is closed was kept');
  }
}

/** A pool whose requests are secured in this way, and what puts new connections in. */
function poolOf(tls: Secured | null) {
  const pool = new KeptConnections<Kept>();
  assert.equal(pool.take(tls, ''), null);
  const keep = (serverName = ''): Kept => {
    const connection = new Kept(pool, tls, serverName);
    assert.ok(pool.keep(connection));
    return connection;
  };
  return { pool, keep };
}

describe('KeptConnections', () => {
  for (const [what, tls] of [
    ['in the clear', null],
    ['of one name', bySettings],
    ['of names that requests say', byRequest],
  ] as const) {
    it(`${what}: hands out the newest first, without those that went`, () => {
      const { pool, keep } = poolOf(tls);
      const [first, second, third, last] = [keep('a'), keep('a'), keep('a'), keep('a')];
      assert.ok(pool.forget(second));
      assert.ok(!pool.forget(second));
      assert.ok(pool.forget(last));
      assert.equal(pool.take(tls, 'a'), third);
      assert.equal(pool.take(tls, 'a'), first);
      assert.equal(pool.take(tls, 'a'), null);
      assert.ok(pool.keep(third));
      assert.equal(pool.take(tls, 'a'), third);
    });
  }

  it('closes the oldest for a new one when it is full', () => {
    const { pool, keep } = poolOf(null);
    const all = Array.from({ length: MOST_KEPT + 1 }, () => keep());
    assert.deepEqual(
      all.filter(({ closed }) => closed),
      [all[0]],
    );
    for (const connection of all.slice(1).reverse()) assert.equal(pool.take(null, ''), connection);
    assert.equal(pool.take(null, ''), null);
  });

  it('keeps the connection of an honest name among more names than it holds', () => {
    const { pool, keep } = poolOf(byRequest);
    let honest = keep('honest');
    for (let i = 0; i < 3 * MOST_KEPT; i++) {
      const stranger = keep(`stranger-${i}`);
      if (i % 500 !== 0) continue;
      const taken = pool.take(byRequest, 'honest');
      assert.equal(taken, honest, `after ${i} strangers`);
      assert.ok(!stranger.closed);
      assert.ok(pool.keep(honest));
    }
    for (let i = 0; i < MOST_KEPT; i++) keep(`more-${i}`);
    assert.ok(honest.closed);
    honest = keep('honest');
    assert.equal(pool.take(byRequest, 'honest'), honest);
    assert.equal(pool.take(byRequest, 'stranger-0'), null);
  });

  it('lets no single name take all places', () => {
    const { pool, keep } = poolOf(byRequest);
    const other = keep('other');
    const greedy = Array.from({ length: MOST_KEPT + 1 }, () => keep('greedy'));
    assert.equal(greedy.filter(({ closed }) => !closed).length, MOST_KEPT_OF_NAME);
    assert.ok(greedy.slice(-MOST_KEPT_OF_NAME).every(({ closed }) => !closed));
    assert.ok(!other.closed);
    assert.equal(pool.take(byRequest, 'other'), other);
  });

  it('closes what was secured by other settings, and does not keep more of it', () => {
    const { pool, keep } = poolOf(byRequest);
    const kept = [keep('a'), keep('b')];
    assert.equal(pool.take(byRequestLater, 'a'), null);
    assert.ok(kept.every(({ closed }) => closed));
    assert.ok(!pool.keep(new Kept(pool, byRequest, 'a')));
    assert.ok(!pool.keep(new Kept(pool, null)));
    const now = new Kept(pool, byRequestLater, 'a');
    assert.ok(pool.keep(now));
    assert.equal(pool.take(null, ''), null);
    assert.ok(now.closed);
  });

  it('closes all', () => {
    const { pool, keep } = poolOf(byRequest);
    const all = [keep('a'), keep('b'), keep('a')];
    pool.clear();
    assert.ok(all.every(({ closed }) => closed));
    assert.equal(pool.take(byRequest, 'a'), null);
  });
});
