import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExportedConfiguration } from '@evenkeel/model/resources/exchange.ts';
import { changeAtRandom, draftContext, seeded } from '../../test/random-changes.ts';
import { applyDocuments, createFromDocument } from '../configuration/apply.ts';
import { applyShared } from '../configuration/shared.ts';
import { Draft } from '../state/draft.ts';
import { EMPTY_STATE, type State } from '../state/state.ts';
import { exported, selectionOf } from './export.ts';
import { importDocuments } from './import.ts';
import { secretsOf } from './secrets.ts';

const SEEDS = [1, 2, 3, 4, 5, 6];
const CHANGES = 250;

function randomState(seed: number): State {
  const random = seeded(seed);
  const context = draftContext(random);
  let state: State = EMPTY_STATE;
  for (let i = 0; i < CHANGES; i++) {
    const draft = new Draft(state, context);
    if (changeAtRandom(draft, random)) state = draft.finish();
  }
  return state;
}

/** As it is after a way through text. */
async function documentOf(state: State, allFields: boolean): Promise<ExportedConfiguration> {
  return JSON.parse(JSON.stringify(await exported(state, selectionOf(state, {}), allFields)));
}

/** Without what is named after identifiers: cookies of services that were given no other name for them. */
function withoutIds(configuration: ExportedConfiguration): unknown {
  return JSON.parse(JSON.stringify(configuration).replace(/EVENKEEL-[0-9A-Z]{8}/g, 'EVENKEEL'));
}

for (const seed of SEEDS) {
  test(`an export, applied where it is from, changes nothing (seed ${seed})`, async () => {
    const state = randomState(seed);
    assert.ok(state.loadBalancers.size > 1);
    for (const allFields of [false, true]) {
      const configuration = await documentOf(state, allFields);
      const draft = new Draft(state, draftContext(seeded(seed)));
      applyShared(draft, configuration, () => {});
      applyDocuments(draft, configuration.loadBalancers ?? [], () => {});
      assert.deepEqual(draft.changes, []);
    }
  });

  test(`an export, imported where nothing is, makes the same (seed ${seed})`, async () => {
    const state = randomState(seed);
    const secrets = secretsOf(selectionOf(state, {}));
    const whole = await documentOf(state, true);
    for (const allFields of [false, true]) {
      const configuration = await documentOf(state, allFields);
      const draft = new Draft(EMPTY_STATE, draftContext(seeded(seed + 1)));
      assert.deepEqual(
        importDocuments(draft, configuration, secrets, () => {}),
        [],
      );
      const copy = draft.finish();
      assert.deepEqual(withoutIds(await documentOf(copy, true)), withoutIds(whole));

      // A second time it meets what it has made, and everything is the same.
      const again = new Draft(copy, draftContext(seeded(seed + 2)));
      assert.deepEqual(
        importDocuments(again, configuration, secrets, () => {}),
        [],
      );
      assert.deepEqual(again.changes, []);
    }
  });
}

test('what has its default is not in an export, in whatever protocol', async () => {
  const draft = new Draft(EMPTY_STATE, draftContext(seeded(1)));
  const protocols = ['http', 'tcp'] as const;
  createFromDocument(draft, {
    name: 'web',
    listeners: protocols.map((protocol, i) => ({
      protocol,
      port: 80 + i,
      service: { targets: [{ address: '10.0.0.1' }, { address: '2001:db8::1', port: 81 }] },
    })),
    ruleGroups: [{ name: 'rules', rules: [{ name: 'teapot', respond: { status: 418 } }] }],
  });
  createFromDocument(draft, {
    name: 'net',
    type: 'network',
    listeners: [{ protocol: 'udp', port: 53, lastPort: 54, service: { targetGroup: null as never } }],
  });
  const { loadBalancers } = await documentOf(draft.finish(), false);
  const targets = [{ address: '10.0.0.1' }, { address: '2001:db8::1', port: 81 }];
  assert.deepEqual(loadBalancers, [
    {
      name: 'web',
      vip: '127.77.0.1',
      targetGroups: protocols.map((protocol, i) => ({ name: `${protocol}-${80 + i}`, targets })),
      backendServices: protocols.map((protocol, i) => {
        const name = `${protocol}-${80 + i}`;
        return { name, protocol, port: 80 + i, targetGroup: name };
      }),
      ruleGroups: [{ name: 'rules', rules: [{ name: 'teapot', respond: { status: 418 } }] }],
      listeners: protocols.map((protocol, i) => {
        return { protocol, port: 80 + i, backendService: `${protocol}-${80 + i}` };
      }),
    },
    {
      name: 'net',
      type: 'network',
      vip: '127.77.0.2',
      backendServices: [{ name: 'udp-53-54', protocol: 'udp', port: 53 }],
      listeners: [{ protocol: 'udp', port: 53, lastPort: 54, backendService: 'udp-53-54' }],
    },
  ]);
});
