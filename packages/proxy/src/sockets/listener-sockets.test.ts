import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RefusedListener } from '@evenkeel/model/plan/stream.ts';
import { listenerOf } from '../../test/plans.ts';
import { ListenerSockets, type SocketCalls } from './listener-sockets.ts';
import { placeKey } from './place-key.ts';
import { refusal } from './refusal.ts';
import type { SocketHold } from './socket-hold.ts';

const ADDRESS = '127.0.0.1';

/** A system whose sockets are numbers. */
class FakeSystem implements SocketCalls {
  readonly listening = new Map<number, string>();
  readonly closed: number[] = [];
  readonly left: number[] = [];
  /** Sockets that can still be opened. */
  room = 1_000;
  #last = 10;

  open({ address, port }: { address: string; port: number }) {
    if (this.listening.size >= this.room) return { code: 'EMFILE' };
    const descriptor = ++this.#last;
    this.listening.set(descriptor, `${address} ${port}`);
    return { descriptor };
  }

  close(descriptor: number): void {
    this.closed.push(descriptor);
    this.listening.delete(descriptor);
  }

  leave(descriptor: number): void {
    this.left.push(descriptor);
  }

  endpointOf(descriptor: number) {
    const [address = '', port] = (this.listening.get(descriptor) ?? '').split(' ');
    return { address, port: Number(port) };
  }

  isListening(descriptor: number): boolean {
    return this.listening.has(descriptor);
  }
}

/** A hold that is a list. */
class FakeHold {
  descriptors: readonly number[] = [];
  problem: string | null = null;
  get held(): number {
    return this.descriptors.length;
  }
  restore(): readonly number[] {
    return this.descriptors;
  }
  save(descriptors: readonly number[]): string | null {
    if (this.problem === null) this.descriptors = [...descriptors];
    return this.problem;
  }
}

function create(given: { system?: FakeSystem; hold?: FakeHold; workers?: number; taken?: number[] } = {}) {
  const { system = new FakeSystem(), hold = new FakeHold(), workers = 2, taken = [] } = given;
  const unheld: string[] = [];
  const probe = (id: string, address: string, port: number): RefusedListener | null =>
    taken.includes(port) ? refusal(id, 'EADDRINUSE', address, port) : null;
  const sockets = new ListenerSockets({
    workers,
    probe,
    calls: system,
    hold: hold as unknown as SocketHold,
    onUnheld: (code) => unheld.push(code),
  });
  return { sockets, system, hold, unheld };
}

test('each worker has a socket of its own at each address, and closing gives them back', () => {
  const { sockets, system, hold } = create();
  assert.equal(sockets.open('lsn', ADDRESS, 80), null);
  assert.deepEqual(sockets.of(listenerOf(80)), { [placeKey(ADDRESS, 80)]: [11, 12] });
  sockets.save();
  assert.deepEqual(hold.descriptors, [11, 12]);
  sockets.close('lsn', ADDRESS, 80);
  sockets.save();
  assert.deepEqual([system.closed, hold.descriptors], [[11, 12], []]);
  assert.deepEqual(sockets.of(listenerOf(80)), { [placeKey(ADDRESS, 80)]: [] });
});

test('an address that somebody else has is refused, another listener of this node among them', () => {
  const { sockets } = create({ taken: [81] });
  assert.equal(sockets.open('lsn', ADDRESS, 81)?.code, 'address-in-use');
  assert.equal(sockets.open('lsn', ADDRESS, 80), null);
  assert.equal(sockets.open('lsn', ADDRESS, 80), null, 'its own');
  assert.equal(sockets.open('other', ADDRESS, 80)?.code, 'address-in-use');
  sockets.close('other', ADDRESS, 80);
  assert.equal(sockets.count, 2, 'only its owner closes it');
});

test('when not all sockets of an address can be opened, none is', () => {
  const system = new FakeSystem();
  system.room = 1;
  const { sockets } = create({ system });
  assert.match(sockets.open('lsn', ADDRESS, 80)?.detail ?? '', /out of file descriptors \(EMFILE\)/);
  assert.deepEqual([system.listening.size, sockets.count], [0, 0]);
});

test('what is restored is used as it is, more is opened where workers have none, and the rest is closed', () => {
  const system = new FakeSystem();
  const hold = new FakeHold();
  const before = create({ system, hold, workers: 1 });
  for (const port of [80, 81]) assert.equal(before.sockets.open('lsn', ADDRESS, port), null);
  before.sockets.save();
  hold.descriptors = [...hold.descriptors, 99];

  const { sockets } = create({ system, hold, taken: [80] });
  assert.equal(sockets.restore(), 3);
  assert.deepEqual(system.left, [99], 'it listens no more');
  assert.equal(sockets.open('lsn', ADDRESS, 80), null, 'it is not probed: the sockets are its own');
  assert.deepEqual(sockets.of(listenerOf(80)), { [placeKey(ADDRESS, 80)]: [11, 13] });
  assert.equal(sockets.count, 3);
  sockets.closeUnclaimed();
  sockets.save();
  assert.deepEqual([system.closed, hold.descriptors], [[12], [11, 13]]);
});

test('what cannot be held is told of once, and tried again with the next change', () => {
  const hold = new FakeHold();
  const { sockets, unheld } = create({ hold });
  hold.problem = 'ETOOMANYREFS';
  sockets.open('lsn', ADDRESS, 80);
  sockets.save();
  sockets.save();
  assert.deepEqual([unheld, hold.held], [['ETOOMANYREFS'], 0]);
  hold.problem = null;
  sockets.save();
  assert.equal(hold.held, 2);
});
