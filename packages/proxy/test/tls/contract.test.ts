import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withoutIPv6 } from '../../src/reactor/contract/available.ts';
import { CONTRACT } from '../../src/reactor/contract/cases.ts';
import type { ReactorHarness } from '../../src/reactor/contract/harness.ts';
import { portableHarness, uringHarness } from '../../src/reactor/contract/local-worlds.ts';
import type { Reactor } from '../../src/reactor/reactor.ts';
import { secured } from './secure-reactor.ts';

/** Cases that plain connections alone fulfill, and why. */
const PLAIN_ONLY: ReadonlySet<string> = new Set([
  // What is unsent is counted as records.
  'keeps the order of sends from buffers and of interned bytes',
  // There is no handshake without a buffer.
  'a connection that waits for buffers can be aborted',
  // Nobody shakes hands in the queue of a socket.
  'a socket that listens already is accepted from, and listens on when that ends',
]);

function contract(harness: ReactorHarness): void {
  describe(`the contract of reactors: ${harness.name}`, { skip: harness.skip }, () => {
    for (const { name, run, needsIPv6 } of CONTRACT) {
      if (PLAIN_ONLY.has(name)) continue;
      it(name, { skip: needsIPv6 === true && withoutIPv6 }, async () => {
        const world = harness.create();
        const reactors: Reactor[] = [];
        try {
          await run({
            ...world,
            until: (what, condition) => world.until(what, condition),
            pass: (milliseconds) => world.pass(milliseconds),
            stop: () => world.stop(),
            open: (buffers) => {
              const reactor = world.open(buffers);
              reactors.push(reactor);
              return reactor;
            },
          });
          await world.until('every connection gone', () => reactors.every((reactor) => reactor.open === 0));
          for (const { arena } of reactors) assert.equal(arena.free, arena.capacity, 'every buffer is free');
        } finally {
          await world.stop();
        }
      });
    }
  });
}

contract(secured(uringHarness, '1.3'));
contract(secured(uringHarness, '1.2'));
contract(secured(portableHarness, '1.3'));
