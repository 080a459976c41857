import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlannedHost, PlannedPath } from '@evenkeel/model/plan/rules.ts';
import { parsedRequest } from '../rules/fixtures/parsed-request.ts';
import { ruleGroupOf, ruleOf } from '../rules/fixtures/rules.ts';
import { PathHit } from '../rules/index/path-index.ts';
import { Router } from '../rules/router.ts';
import { finish } from '../rules/steps.ts';
import { hostFits, pathFits } from './pattern-fits.ts';

const HOSTS: readonly PlannedHost[] = [
  { kind: 'exact', value: 'a.example' },
  { kind: 'prefix-wildcard', value: 'example' },
  { kind: 'suffix-wildcard', value: 'www' },
  { kind: 'regex', value: '^a.*z$' },
];
const NAMES = [
  'a.example',
  'A.EXAMPLE',
  'example',
  '.example',
  'b.a.example',
  'www',
  'www.',
  'www.b',
  'a-z',
  'az',
  'b',
];

const PATHS: readonly PlannedPath[] = (['exact', 'prefix', 'regex'] as const).flatMap((kind) =>
  [false, true].flatMap((ignoreCase) =>
    ['/a', '/a/', '/'].map((value) => ({ kind, value: kind === 'regex' ? `^${value}$` : value, ignoreCase })),
  ),
);
const TARGETS = ['/', '/a', '/A', '/a/', '/a/b', '/ab', '/b'];

/** Whether the index of all rules finds this one. */
function isRouted(match: object, host: string, target: string): boolean {
  const router = finish(Router.compile(ruleGroupOf('stay-in-host', [ruleOf('r', 1, match)]), ['r']));
  const { routedRequest, place } = parsedRequest({ host, target });
  return router.route(routedRequest, place, new PathHit<string>());
}

test('one pattern is judged as the index of all of them does', () => {
  for (const host of HOSTS) {
    for (const name of NAMES) {
      // The dot that ends a full name is not part of it.
      const settled = name.endsWith('.') ? name.slice(0, -1) : name;
      assert.equal(
        hostFits(host, settled),
        isRouted({ hosts: [host] }, name, '/'),
        `${host.kind} ${host.value} ${name}`,
      );
    }
  }
  for (const path of PATHS) {
    for (const target of TARGETS) {
      const routed = isRouted({ paths: [path] }, 'a', target);
      assert.equal(pathFits(path, target, true), routed, `${path.kind} ${path.value} ${path.ignoreCase} ${target}`);
    }
  }
});
