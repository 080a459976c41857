import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_QUOTAS } from '@evenkeel/model/limits.ts';
import { STORES } from '../../test/stores.ts';
import { ProblemError } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import { guardDeletion } from './deletion-guard.ts';
import { createLoadBalancer, deleteLoadBalancer } from './load-balancers.ts';
import { RecentDeletions } from './recent-deletions.ts';
import { createTargetGroup } from './target-groups.ts';
import { registerTargets } from './targets.ts';

const MINUTE = 60_000;
const REASON = 'more than 2 load balancers of region local cannot be deleted in one change';

for (const kind of STORES) {
  test(`deletions of the last five minutes count, and those alone that came about (${kind.name})`, {
    skip: kind.skip,
  }, async (t) => {
    let now = Date.UTC(2026, 0, 1);
    const deletions = { recent: new RecentDeletions(), peakOf: () => 0 };
    const quotas = { ...DEFAULT_QUOTAS, loadBalancerDeletions: 2 };
    const store = await (await kind.make(t)).open(t, { now: () => now, quotas, deletions });
    const write = <T>(run: (draft: Draft) => T) =>
      store.write({ action: 'test', actor: 'admin', requestId: '', run }).then(({ value }) => value);
    const create = (name: string) => write((draft) => createLoadBalancer(draft, { name }).id);
    const remove = (draft: Draft, id: string) => deleteLoadBalancer(draft, draft.loadBalancers.get(id)!.loadBalancer);
    const refusal = (work: Promise<unknown>) =>
      work.then(
        () => null,
        (error) => (error instanceof ProblemError ? [error.code, error.particulars.retryAfter] : error),
      );
    const [a, b, c] = [await create('a'), await create('b'), await create('c')];
    const planned = (draft: Draft) => {
      for (const id of [a, b]) remove(draft, id);
    };
    store.preview(store.state.loadBalancers.get(a)!.loadBalancer.tenantId, planned);
    const failing = write((draft) => {
      planned(draft);
      throw new ProblemError('too-busy', 'for another reason');
    });
    assert.deepEqual(await refusal(failing), ['too-busy', undefined]);
    await write((draft) => remove(draft, a));
    now += MINUTE;
    await write((draft) => remove(draft, b));
    // Both in one batch: the second is one too many, whatever the first did.
    const both = await Promise.all([refusal(write((draft) => remove(draft, c))), refusal(create('d'))]);
    assert.deepEqual(both, [['deletions-limited', 240], null]);
    now += 4 * MINUTE;
    const d = store.state.loadBalancers.values().find(({ loadBalancer }) => loadBalancer.name === 'd')!.loadBalancer.id;
    const last = await Promise.all([c, d].map((id) => refusal(write((draft) => remove(draft, id)))));
    assert.deepEqual(last, [null, ['deletions-limited', 60]]);
  });

  test(`what one change deletes has to be within the limit, and what it creates does not count (${kind.name})`, {
    skip: kind.skip,
  }, async (t) => {
    const deletions = { recent: new RecentDeletions(), peakOf: () => 0 };
    const store = await (await kind.make(t)).open(t, {
      quotas: { ...DEFAULT_QUOTAS, loadBalancerDeletions: 2 },
      deletions,
    });
    const write = <T>(run: (draft: Draft) => T) =>
      store.write({ action: 'test', actor: 'admin', requestId: '', run }).then(({ value }) => value);
    const remove = (draft: Draft, id: string) => deleteLoadBalancer(draft, draft.loadBalancers.get(id)!.loadBalancer);
    const undone = (draft: Draft) => {
      for (const name of ['x', 'y', 'z']) remove(draft, createLoadBalancer(draft, { name }).id);
    };
    const [first] = await write((draft) => ['a', 'b', 'c', 'd'].map((name) => createLoadBalancer(draft, { name }).id));
    const { tenantId } = store.state.loadBalancers.get(first!)!.loadBalancer;
    store.preview(tenantId, undone);
    await write(undone);
    assert.equal(deletions.recent.countsOf(store.state, tenantId, Date.now()).size, 0);
    await write((draft) => remove(draft, first!));
    const [b, c, d] = [...store.state.loadBalancers.keys()];
    const quota = { name: 'loadBalancerDeletions', limit: 2, used: 1 };
    const together = (draft: Draft, ids: readonly string[]) => {
      const records = ids.map((id) => draft.loadBalancers.get(id)!.loadBalancer);
      deletions.recent.checkTogether(draft, records, '/ids');
      for (const id of ids) remove(draft, id);
    };
    await assert.rejects(
      write((draft) => together(draft, [b!, c!, d!])),
      { code: 'quota-exceeded', particulars: { quota, errors: [{ field: '/ids', reason: REASON, allowed: 2 }] } },
    );
    await assert.rejects(
      write((draft) => together(draft, [b!, c!])),
      { code: 'deletions-limited' },
    );
    await write((draft) => together(draft, [b!]));
  });

  test(`what has targets and much traffic is deleted when that is forced (${kind.name})`, {
    skip: kind.skip,
  }, async (t) => {
    let peak = 10_000_001;
    const deletions = { recent: new RecentDeletions(), peakOf: () => peak };
    const store = await (await kind.make(t)).open(t, { deletions });
    const write = <T>(run: (draft: Draft) => T) =>
      store.write({ action: 'test', actor: 'admin', requestId: '', run }).then(({ value }) => value);
    const guard = (id: string, force: boolean) =>
      write((draft) => guardDeletion(draft, draft.loadBalancers.get(id)!, force, '/force'));
    const [empty, busy] = await write((draft) => [createLoadBalancer(draft, {}).id, createLoadBalancer(draft, {}).id]);
    await write((draft) => {
      const group = createTargetGroup(draft, busy!, { name: 'g' });
      registerTargets(draft, group.id, [{ address: '10.0.0.1' }]);
    });
    await guard(empty!, false);
    await guard(busy!, true);
    await assert.rejects(guard(busy!, false), {
      code: 'deletion-guarded',
      message: /has carried 10 Mbit\/s within 300 s/,
    });
    peak = 10_000_000;
    await guard(busy!, false);
  });
}
