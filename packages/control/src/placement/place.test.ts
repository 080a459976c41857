import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded } from '../../test/random-changes.ts';
import type { NodeDutyRecord, ZoneRecord } from '../state/records.ts';
import { type Ground, isPlacedOn, type Placeable } from './place.ts';
import { type FleetNode, PLACED_EVERYWHERE } from './placement.ts';

const stamps = { generation: 1, createdAt: 0, updatedAt: 0 };
const zone = (name: string, region = 'local'): ZoneRecord => ({
  ...{ id: `zn-${name}`, name, region, description: '', tags: {} },
  ...stamps,
});
const ZONES = new Map(['a', 'b', 'c'].map((name) => [`zn-${name}`, zone(name)]));
const FAR = new Map([...ZONES, ['zn-far', zone('far', 'north')]]);

const node = (id: string, zoneName: string, gone = false): FleetNode => ({ id, zone: zoneName, gone });
const duty = (id: string, kind: NodeDutyRecord['duty'], keeps: string[] = []): NodeDutyRecord => ({
  ...{ id, name: id, duty: kind, keeps, drain: null },
  ...stamps,
});

function ground(nodes: readonly FleetNode[], duties: readonly NodeDutyRecord[] = [], zones = ZONES): Ground {
  const fleet = new Map(nodes.map((one) => [one.id, one]));
  return { zones, duties: new Map(duties.map((one) => [one.id, one])), placement: { ...PLACED_EVERYWHERE, fleet } };
}

const balancer = (id: string, fields: Partial<Placeable> = {}): Placeable => ({
  ...{ id, region: 'local', zones: [], nodesPerZone: null },
  ...fields,
});
const BALANCERS = Array.from({ length: 200 }, (_, i) => balancer(`lb-${i}`, { nodesPerZone: 2 }));

function placed(on: Ground, nodes: readonly FleetNode[], balancers = BALANCERS): Map<string, string[]> {
  const has = (one: Placeable) => nodes.filter((each) => isPlacedOn(on, one, each)).map(({ id }) => id);
  // Copies, as what is worked out is remembered with the load balancer.
  return new Map(balancers.map((one) => [one.id, has({ ...one })]));
}

const fleetOf = (perZone: number) =>
  ['a', 'b'].flatMap((name) => Array.from({ length: perZone }, (_, i) => node(`${name}-${i}`, name)));

test('a load balancer that says nothing is on every node of its region, whatever zone that names', () => {
  const on = ground([], [], FAR);
  const web = balancer('web');
  for (const name of ['', 'a', 'nobody-made-it'])
    assert.equal(isPlacedOn(on, web, { id: 'x', zone: name }), true, name);
  assert.equal(isPlacedOn(on, web, { id: 'x', zone: 'far' }), false);
  assert.equal(isPlacedOn(on, balancer('web', { region: 'north' }), { id: 'x', zone: 'far' }), true);
});

test('zones that it names are the only ones; nodes that name none are in the zone that is always there', () => {
  const on = ground([]);
  const web = balancer('web', { zones: ['a', 'local'] });
  assert.deepEqual(
    ['', 'local', 'a', 'b'].map((name) => isPlacedOn(on, web, { id: 'x', zone: name })),
    [true, true, true, false],
  );
});

test('of each zone as many nodes as it wants have it, and all where there are less', () => {
  for (const perZone of [1, 2, 5]) {
    const nodes = fleetOf(perZone);
    for (const [id, has] of placed(ground(nodes), nodes)) {
      for (const name of ['a', 'b']) {
        assert.equal(has.filter((one) => one.startsWith(name)).length, Math.min(2, perZone), `${id} in ${name}`);
      }
    }
  }
});

test('it is the same in whatever order nodes are known', () => {
  const random = seeded(7);
  const nodes = fleetOf(6);
  const shuffled = nodes.toSorted(() => random() - 0.5);
  assert.deepEqual(placed(ground(shuffled), nodes), placed(ground(nodes), nodes));
});

test('a node that is gone is replaced, and nothing else moves; a node that comes takes its share alone', () => {
  const nodes = fleetOf(5);
  const before = placed(ground(nodes), nodes);
  const without = nodes.map((one) => (one.id === 'a-3' ? { ...one, gone: true } : one));
  const after = placed(ground(without), without);
  for (const [id, has] of before) {
    const now = after.get(id)!;
    const stays = has.filter((one) => one !== 'a-3');
    assert.deepEqual(
      now.filter((one) => stays.includes(one)),
      stays,
      id,
    );
    assert.equal(now.length, has.length, id);
    if (!has.includes('a-3')) assert.deepEqual(now, has, id);
  }
});

test('a cordoned node keeps what it has and gets nothing new', () => {
  const nodes = fleetOf(3);
  const had = [...placed(ground(nodes), nodes)].filter(([, has]) => has.includes('a-1')).map(([id]) => id);
  const on = ground(nodes, [duty('a-1', 'cordoned', had)]);
  assert.deepEqual(placed(on, nodes), placed(ground(nodes), nodes));
  const more = Array.from({ length: 50 }, (_, i) => balancer(`new-${i}`, { nodesPerZone: 2 }));
  for (const has of placed(on, nodes, more).values()) assert.ok(!has.includes('a-1'));
  assert.equal(isPlacedOn(on, balancer('everywhere'), nodes[1]!), false);
});

test('a drained node has nothing; others of its zone have what it had', () => {
  const nodes = fleetOf(3);
  const on = ground(nodes, [duty('b-0', 'drained')]);
  for (const has of placed(on, nodes).values()) {
    assert.ok(!has.includes('b-0'));
    assert.equal(has.filter((one) => one.startsWith('b')).length, 2);
  }
});
