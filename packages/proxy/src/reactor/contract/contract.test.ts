import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Reactor } from '../reactor.ts';
import { simulatedHarness } from '../simulated/harness.ts';
import { withoutIPv6 } from './available.ts';
import { CONTRACT } from './cases.ts';
import type { ReactorHarness, World } from './harness.ts';
import { crampedUringHarness, olderUringHarness, portableHarness, uringHarness } from './local-worlds.ts';

/** A world that remembers its reactors, to look at what is left of them. */
function watched(world: World): { world: World; reactors: Reactor[] } {
  const reactors: Reactor[] = [];
  return {
    reactors,
    world: {
      virtual: world.virtual,
      open: (buffers) => {
        const reactor = world.open(buffers);
        reactors.push(reactor);
        return reactor;
      },
      until: (what, condition) => world.until(what, condition),
      pass: (milliseconds) => world.pass(milliseconds),
      stop: () => world.stop(),
    },
  };
}

function contract(harness: ReactorHarness): void {
  describe(`the contract of reactors: ${harness.name}`, { skip: harness.skip }, () => {
    for (const { name, run, needsIPv6 } of CONTRACT) {
      it(name, { skip: needsIPv6 === true && withoutIPv6 }, async () => {
        const { world, reactors } = watched(harness.create());
        try {
          await run(world);
          await world.until('every connection gone', () => reactors.every((reactor) => reactor.open === 0));
          for (const { arena } of reactors) assert.equal(arena.free, arena.capacity, 'every buffer is free');
        } finally {
          await world.stop();
        }
      });
    }
  });
}

contract(uringHarness);
contract(olderUringHarness);
contract(crampedUringHarness);
contract(portableHarness);
contract(simulatedHarness);
