import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PLAIN_HTTP } from '@evenkeel/model/plan/http.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { ExplainQuestion } from '@evenkeel/model/plan/query.ts';
import type { PlannedRule, RuleOrder } from '@evenkeel/model/plan/rules.ts';
import { listenerOf, serviceOf } from '../../test/plans.ts';
import type { EngineService } from '../engine/engine.ts';
import { Tables } from '../engine/tables.ts';
import { ruleGroupOf, ruleOf } from '../rules/fixtures/rules.ts';
import { targetNumber } from '../stickiness/target-number.ts';
import { TokenSealer } from '../stickiness/token.ts';
import { SharedCounters } from '../telemetry/shared-counters.ts';
import { Explainer } from './explainer.ts';

const KEY = Buffer.alloc(32, 7).toString('base64');

/** What an engine that runs these would say to questions. */
function explaining(
  services: readonly EngineService[],
  rules: readonly PlannedRule[] = [],
  changes: Partial<PlannedListener> = {},
  order: RuleOrder = 'priority',
) {
  const group = ruleGroupOf(order, rules);
  const listener = listenerOf(80, { ruleGroupId: rules.length > 0 ? group.id : null, ...changes });
  const tables = new Tables(new SharedCounters(1), () => 0);
  tables.change({
    shared: new Map([
      [`rule-group/${group.id}`, { key: `rule-group/${group.id}`, kind: 'rule-group', hash: '', value: group }],
    ]),
    services: new Map(services.map((service) => [service.service.id, service])),
    listeners: new Map([[listener.id, listener]]),
  });
  const explainer = new Explainer(tables, () => Date.UTC(2026, 0, 1));
  return {
    tables,
    ask: (question: Partial<ExplainQuestion>) =>
      explainer.explain(listener, {
        listenerId: listener.id,
        method: 'GET',
        host: 'shop.example',
        path: '/',
        headers: [],
        cookies: [],
        source: '192.0.2.1',
        serverName: '',
        ...question,
      }),
  };
}

const forwardTo = (...services: [string, number][]): Partial<PlannedRule> => ({
  action: { type: 'forward', services: services.map(([serviceId, weight]) => ({ serviceId, weight })) },
});
const exact = (value: string) => ({ kind: 'exact' as const, value, ignoreCase: false });

describe('explaining a request', () => {
  it('says what the listener changes of answers, in front of what the rule does', () => {
    const header = (value: string) => [{ operation: 'set' as const, name: 'X-From', value }];
    const http = { ...PLAIN_HTTP, relativeRedirects: true, responseHeaders: header('the listener') };
    const byListener = [
      'response header, by the listener: set X-From: the listener',
      'redirects to the host that was asked for lose scheme and host',
    ];
    assert.deepEqual(explaining([serviceOf([8001])], [], { http }).ask({}).changes, byListener);
    const rule = ruleOf('all', 1, {}, { ...forwardTo(['svc', 1]), responseHeaders: header('the rule') });
    const { changes } = explaining([serviceOf([8001])], [rule], { http }).ask({});
    assert.deepEqual(changes, [...byListener, 'response header: set X-From: the rule']);
  });

  it('says which rule applies, and what the others lack', () => {
    const { ask } = explaining(
      [serviceOf([8001])],
      [
        ruleOf('post', 1, { methods: ['POST'] }),
        ruleOf('beta', 2, { headers: [{ name: 'x-beta', kind: 'exact', values: ['1'] }] }),
        ruleOf('query', 5, { query: [{ name: 'v', kind: 'exact', values: ['2'] }] }),
        ruleOf('login', 3, { paths: [exact('/login')] }, forwardTo(['svc', 1])),
        ruleOf('rest', 4, {}, forwardTo(['svc', 1])),
      ],
    );
    const said = ask({ path: '/login?x=1', headers: ['X-Beta: 0'] });
    assert.deepEqual(
      said.rules.map(({ name, outcome }) => [name, outcome]),
      [
        ['post', 'no-match'],
        ['beta', 'no-match'],
        ['login', 'applies'],
        ['rest', 'outranked'],
        ['query', 'no-match'],
      ],
    );
    const unasked = ask({ path: '/other' }).rules.find(({ name }) => name === 'query');
    assert.equal(unasked?.conditions[0]?.actual, 'not there');
    assert.deepEqual(said.rules[0]!.conditions, [
      { kind: 'method', name: '', wanted: 'POST', actual: 'GET', holds: false },
    ]);
    assert.deepEqual(said.rules[1]!.conditions, [
      { kind: 'header', name: 'x-beta', wanted: 'exact 1', actual: '0', holds: false },
    ]);
    assert.equal(said.rules[3]!.conditions.at(-1)!.actual, 'login comes first');
    assert.equal(said.outcome, 'forward');
    assert.deepEqual(said.request, {
      method: 'GET',
      host: 'shop.example',
      path: '/login',
      query: 'x=1',
      client: '192.0.2.1',
    });
    assert.equal(said.service?.choice.chosen, 'tgt-8001');
  });

  it('tells redirects, answers, tokens that are missing, and what cannot be a request', () => {
    const redirect = {
      type: 'redirect',
      status: 308,
      protocol: 'https',
      host: null,
      port: null,
      path: null,
      query: null,
    } as const;
    const { ask } = explaining(
      [serviceOf([8001])],
      [
        ruleOf('away', 1, { paths: [exact('/old')] }, { action: redirect }),
        ruleOf('teapot', 2, { paths: [exact('/tea')] }),
      ],
    );
    const away = ask({ path: '/old' });
    assert.deepEqual([away.outcome, away.status, away.location], ['redirect', 308, 'https://shop.example/old']);
    assert.deepEqual([ask({ path: '/tea' }).outcome, ask({ path: '/tea' }).status], ['respond', 200]);
    assert.deepEqual(
      [ask({ path: '/other' }).outcome, ask({ path: '/other' }).why],
      ['forward', "no rule matches; the listener's service is asked"],
    );
    const bad = ask({ host: '' });
    assert.deepEqual([bad.outcome, bad.status, bad.reason], ['refuse', 400, 'client-request-head']);
    assert.match(bad.why, /host missing/);
    assert.equal(ask({ headers: ['Content-Length: 1', 'Content-Length: 2'] }).status, 400);
    assert.equal(ask({ path: '/a/../b' }).status, 400);
  });

  it('takes nobody’s turn, and says the target that comes next', () => {
    const { ask, tables } = explaining([serviceOf([8001, 8002, 8003])]);
    const first = ask({}).service?.choice.chosen;
    for (let i = 0; i < 5; i++) assert.equal(ask({}).service?.choice.chosen, first);
    const { table, targets } = tables.service('svc')!;
    const turn = Atomics.add(table.cursor, 0, 1) - table.start;
    assert.equal(targets[table.candidates[table.sequence[(turn >>> 0) % table.sequence.length]!]!]!.id, first);
    assert.notEqual(ask({}).service?.choice.chosen, first);
  });

  it('opens the cookie of a client, and forgets who asked by address', () => {
    const cookie = { type: 'cookie', cookieName: 'LB', expiry: 0, key: KEY, oldKeys: [] } as const;
    const sticky = explaining([serviceOf([8001, 8002, 8003], { stickiness: cookie })]);
    const token = new TokenSealer('svc', KEY, []).seal({ target: targetNumber('tgt-8003'), time: 0 });
    for (let i = 0; i < 3; i++) {
      const choice = sticky.ask({ cookies: ['a=b', `LB=${token}`] }).service?.choice;
      assert.deepEqual([choice?.chosen, choice?.stickiness?.targetId], ['tgt-8003', 'tgt-8003']);
      assert.equal(choice?.because, 'the client belongs to it');
    }
    const forged = sticky.ask({ cookies: [`LB=${token.slice(0, -1)}A`] }).service?.choice;
    assert.equal(forged?.stickiness?.targetId, null);

    const byAddress = { type: 'source-ip', timeout: 60_000 } as const;
    const { ask, tables } = explaining([serviceOf([8001, 8002], { stickiness: byAddress })]);
    ask({});
    assert.ok(tables.service('svc')!.clients!.entries.every((number) => number === 0));
  });

  it('believes a trusted proxy alone about the client', () => {
    const { ask } = explaining([serviceOf([8001])], [], { trustedProxies: ['10.0.0.0/8'] });
    const headers = ['X-Forwarded-For: 203.0.113.9'];
    assert.equal(ask({ source: '10.1.2.3', headers }).request.client, '203.0.113.9');
    assert.equal(ask({ source: '192.0.2.3', headers }).request.client, '192.0.2.3');
  });

  it('reads what the algorithm hash chooses by', () => {
    const hash = { key: 'header', name: 'x-user', loadFactor: 0 } as const;
    const { ask } = explaining([serviceOf([8001, 8002, 8003, 8004], { algorithm: 'hash', hash })]);
    const chosen = (user: string) => ask({ headers: [`X-User: ${user}`] }).service?.choice;
    const users = Array.from({ length: 30 }, (_, i) => `user-${i}`);
    for (const user of users) assert.deepEqual(chosen(user), chosen(user));
    assert.ok(new Set(users.map((user) => chosen(user)?.chosen)).size > 1);
    assert.match(chosen('a')?.because ?? '', /the header of the request decides/);
  });

  it('says why there is no target', () => {
    const idle = serviceOf([{ id: 't', address: '127.0.0.1', port: 1, weight: 0, state: 'active', eligible: true }]);
    const said = explaining([idle]).ask({});
    assert.deepEqual([said.outcome, said.status, said.reason], ['refuse', 503, 'proxy-route']);
    assert.equal(said.service?.choice.targets[0]?.candidate, false);
  });

  it('chooses among weighted services as the traffic does, the same for the same client', () => {
    const other: EngineService = serviceOf([8009], { id: 'canary' });
    const { ask } = explaining(
      [serviceOf([8001]), other],
      [ruleOf('split', 1, {}, forwardTo(['svc', 3], ['canary', 1]))],
    );
    const chosen = Array.from({ length: 40 }, (_, i) => ask({ source: `192.0.2.${i}` }));
    for (const said of chosen) {
      assert.deepEqual(
        said.services.map(({ percent }) => percent),
        [75, 25],
      );
      assert.equal(said.services.find((service) => service.chosen)?.serviceId, said.service?.id);
    }
    assert.equal(new Set(chosen.map(({ service }) => service?.id)).size, 2);
  });

  it('tells of the closest rules when there are many', () => {
    const many = Array.from({ length: 500 }, (_, i) =>
      ruleOf(`r${i}`, i + 1, { hosts: [{ kind: 'exact', value: `h${i}.example` }] }),
    );
    const { ask } = explaining([serviceOf([8001])], many);
    const said = ask({ host: 'h400.example' });
    assert.equal(said.rules.length + said.rulesLeftOut, 500);
    assert.ok(said.rules.length <= 50);
    assert.equal(said.rules.find(({ outcome }) => outcome === 'applies')?.name, 'r400');
  });

  it('finds the service of a connection by its server name', () => {
    const { ask } = explaining([serviceOf([8001]), serviceOf([8002], { id: 'mail', protocol: 'tcp' })], [], {
      protocol: 'tcp',
      http: null,
      serverNames: [{ name: 'mail.example', serviceId: 'mail' }],
    });
    assert.equal(ask({ serverName: 'MAIL.example' }).service?.id, 'mail');
    assert.equal(ask({ serverName: 'web.example' }).service?.id, 'svc');
  });
});
