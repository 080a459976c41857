import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Service } from '../upstream/service.ts';
import type { Listener } from '../worker/listener.ts';
import { ruleGroupOf, ruleOf } from './fixtures/rules.ts';
import { packRules, unpackRules } from './packed-rules.ts';
import { RuleSets } from './rule-sets.ts';
import { finish, SLICE, Slices, type Steps } from './steps.ts';

/** Milliseconds that a step takes. */
const STEP = 0.5;

/** Timers that somebody else lets go off, and a clock that goes on with each look at it. */
class Ticks {
  now = 0;
  readonly #due: (() => void)[] = [];
  readonly slices = new Slices(
    {
      setTimer: (delay, callback) => {
        assert.equal(delay, 0);
        this.#due.push(callback);
        return { cancel: () => assert.fail('nothing is called off') };
      },
    },
    () => (this.now += STEP),
  );

  /** False: nothing waits. */
  tick(): boolean {
    const next = this.#due.shift();
    next?.();
    return next !== undefined;
  }
}

function* counted(count: number, taken: { steps: number }): Steps<string> {
  for (; taken.steps < count; taken.steps++) yield;
  return 'done';
}

describe('work in slices', () => {
  test('what fits into one slice is done at once', () => {
    const results: string[] = [];
    const ticks = new Ticks();
    ticks.slices.run(counted(2, { steps: 0 }), (result) => results.push(result));
    assert.deepEqual(results, ['done']);
    assert.equal(ticks.tick(), false);
  });

  test('no slice is longer than it may be, and each does something', () => {
    const taken = { steps: 0 };
    const results: string[] = [];
    const ticks = new Ticks();
    ticks.slices.run(counted(100, taken), (result) => results.push(result));
    for (let before = 0; results.length === 0; ticks.tick()) {
      const steps = taken.steps - before;
      assert.ok(steps > 0 && steps <= SLICE / STEP, `${steps} steps`);
      before = taken.steps;
    }
    assert.equal(ticks.tick(), false);
  });

  test('what is thrown comes out of the slice that it happens in', () => {
    const ticks = new Ticks();
    function* failing(): Steps<never> {
      for (let i = 0; i < 10; i++) yield;
      throw new Error('in the midst of it');
    }
    ticks.slices.run(failing(), () => assert.fail('it does not end'));
    assert.throws(() => {
      while (ticks.tick());
    }, /in the midst of it/);
  });
});

describe('rule groups', () => {
  const group = (prefix: string, count: number) => {
    const rules = Array.from({ length: count }, (_, i) => {
      const value = `host-${i}.example`;
      return ruleOf(`${prefix}-${i}`, count - i, { hosts: [{ kind: 'exact', value }] }, { name: `${prefix} ${i} ü` });
    });
    return ruleGroupOf('priority', rules);
  };

  test('are the same when they have been packed', () => {
    const { rules } = group('any', 20);
    assert.deepEqual([...unpackRules(packRules({ ...group('any', 20), rules }))], rules);
    assert.deepEqual([...unpackRules(packRules(ruleGroupOf('priority', [])))], []);
  });

  test('stay as they are until those that follow them are whole', () => {
    const sets = new RuleSets(new Float64Array(1));
    const listener = { planned: { ruleGroupId: 'rules' }, rules: null } as unknown as Listener;
    finish(sets.compile(packRules(group('old', 3)), [0, 0, 0]))();
    sets.join(listener);
    const old = listener.rules;
    assert.equal(old?.rules.length, 3);
    const steps = sets.compile(packRules(group('new', 500)), []);
    let yields = 0;
    for (let step = steps.next(); ; step = steps.next(), yields++) {
      assert.equal(listener.rules, old);
      if (step.done === true) {
        step.value();
        break;
      }
    }
    assert.ok(yields > 500, 'each rule is a step of its own');
    assert.equal(listener.rules?.rules.length, 500);
  });

  test('find the services that are there when they are compiled, and those that come later', () => {
    const sets = new RuleSets(new Float64Array(1));
    const early = { id: 'early' } as unknown as Service;
    const late = { id: 'late' } as unknown as Service;
    sets.setService('s', early);
    const action = { type: 'forward' as const, services: [{ serviceId: 's', weight: 1 }] };
    const steps = sets.compile(packRules(ruleGroupOf('priority', [ruleOf('r', 1, {}, { action })])), [0]);
    steps.next();
    sets.setService('s', late);
    finish(steps)();
    const listener = { planned: { ruleGroupId: 'rules' }, rules: null } as unknown as Listener;
    sets.join(listener);
    const compiled = listener.rules!.rules[0]!.action;
    assert.ok(compiled.type === 'forward');
    assert.equal(compiled.only?.service, late);
  });
});
