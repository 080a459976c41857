import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { LoadedObject } from '../loader/object.ts';
import { Datapath } from './datapath.ts';
import { GENERATION_UNIT, type ListenerSettings, numberKey } from './layout.ts';

const LISTENER: ListenerSettings = {
  number: 5,
  service: 3,
  hashSeed: 1,
  idleSeconds: 9,
  mode: 'nat',
  affinity: 'flow',
};
/** Takes several prefixes: 64 to 127, and 128. */
const RANGE = { address: '203.0.113.1', protocol: 'tcp', port: 64, lastPort: 128 } as const;

/** Of maps, only those that a range touches: the second write to one of ports fails. */
function datapathThatFails() {
  let guards = numberKey(0);
  let writes = 0;
  const write = () => {
    if (++writes === 2) throw new Error('no room');
  };
  const maps: Record<string, object> = {
    listener_ranges: { set: write, delete: write },
    vips: { get: () => numberKey(1) },
    guards: {
      get: () => guards,
      set: (_: Uint8Array, value: Buffer) => {
        guards = value;
      },
    },
  };
  const object = { map: (name: string) => maps[name] } as unknown as LoadedObject;
  return { datapath: new Datapath(object), generations: () => guards.readUInt32LE(0) / GENERATION_UNIT };
}

suite('a range of ports that is written in part', () => {
  test('programs forget what they remember, as part of it is there', () => {
    const { datapath, generations } = datapathThatFails();
    assert.throws(() => datapath.setListenerRange(RANGE, LISTENER), /no room/);
    assert.equal(generations(), 1);
  });

  test('the same where part of it is gone', () => {
    const { datapath, generations } = datapathThatFails();
    assert.throws(() => datapath.removeListenerRange(RANGE), /no room/);
    assert.equal(generations(), 1);
  });
});
