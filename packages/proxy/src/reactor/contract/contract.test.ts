import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Reactor } from '../reactor.ts';
import { simulatedHarness } from '../simulated/harness.ts';
import { withoutIPv6, withoutPrivileges } from './available.ts';
import { CONTRACT } from './cases.ts';
import type { ContractCase, ReactorHarness, World } from './harness.ts';
import {
  crampedUringHarness,
  olderUringHarness,
  portableHarness,
  sparingUringHarness,
  uringHarness,
} from './local-worlds.ts';

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

/** Why a case is left out; false: it is not. */
function whyNot({ needsIPv6, needsPrivileges, realOnly }: ContractCase, { name }: ReactorHarness): string | false {
  const simulated = name === 'simulated';
  if (needsIPv6 === true && withoutIPv6 !== false) return withoutIPv6;
  if (needsPrivileges === true && !simulated && withoutPrivileges !== false) return withoutPrivileges;
  return realOnly === true && simulated ? 'the simulation is laxer' : false;
}

function contract(harness: ReactorHarness): void {
  describe(`the contract of reactors: ${harness.name}`, { skip: harness.skip }, () => {
    for (const contractCase of CONTRACT) {
      const { name, run } = contractCase;
      it(name, { skip: whyNot(contractCase, harness) }, async () => {
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
contract(sparingUringHarness);
contract(portableHarness);
contract(simulatedHarness);
