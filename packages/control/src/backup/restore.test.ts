import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draftContext, seeded } from '../../test/random-changes.ts';
import { createZone } from '../placement/zones.ts';
import { createLoadBalancer } from '../resources/load-balancers.ts';
import { Draft } from '../state/draft.ts';
import { EMPTY_STATE } from '../state/state.ts';
import { restoreInto } from './restore.ts';

const context = draftContext(seeded(1));

test('what is restored finds its zone, also in an installation that has others', () => {
  const there = new Draft(EMPTY_STATE, context);
  createZone(there, { name: 'rack-1' });
  createLoadBalancer(there, { name: 'web', zones: ['rack-1'] });
  const here = new Draft(EMPTY_STATE, context);
  const own = createZone(here, { name: 'hall' });
  restoreInto(here, there.finish());
  const { zones, loadBalancers } = here.finish();
  assert.deepEqual(
    Array.from(zones.values(), ({ name }) => name),
    ['local', 'hall', 'rack-1'],
  );
  assert.equal(zones.get(own.id)?.name, 'hall');
  assert.deepEqual(
    Array.from(loadBalancers.values(), ({ loadBalancer }) => loadBalancer.zones),
    [['rack-1']],
  );
});
