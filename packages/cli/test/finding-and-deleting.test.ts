import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli } from './run.ts';
import { type Answer, page, problem, ScriptedApi } from './scripted-api.ts';
import { LISTENER, MAIL, OPERATION, READ, WEB, withApi } from './scripted-balancer.ts';

test('a name that two load balancers use is refused with the candidates', async () => {
  const other = { ...LISTENER, id: 'lsn-01m7y7pvpcamhyyt2z', loadBalancerId: MAIL.id };
  await using api = await ScriptedApi.start({
    ...READ,
    'GET /v1/listeners?name=http-80': page(LISTENER, other),
    [`GET /v1/listeners?name=http-80&loadBalancerId=${MAIL.id}`]: page(other),
  });
  const { exitCode, err } = await cli(['listener', 'show', 'http-80'], withApi(api));
  assert.equal(exitCode, 2);
  assert.equal(
    err,
    'evenkeel: there are several listeners "http-80"; say which one:\n' +
      `  web/http-80 (${LISTENER.id})\n  mail/http-80 (${other.id})\n`,
  );
  for (const words of [['mail/http-80'], ['http-80', '--lb', 'mail'], ['http-80', '--lb', MAIL.id]]) {
    const { out } = await cli(['listener', 'show', ...words, '-q'], withApi(api));
    assert.equal(out, `${other.id}\n`);
  }
});

test('what does not exist, and what cannot', async () => {
  await using api = await ScriptedApi.start(READ);
  for (const [text, code, expected] of [
    ['none', 3, 'there is no load balancer "none".'],
    ['a name\u001B[2J', 3, 'there is no load balancer "a name".'],
    [LISTENER.id, 2, `${LISTENER.id} is the identifier of a listener, not of a load balancer.`],
  ] as const) {
    const { exitCode, err } = await cli(['lb', 'show', text], withApi(api));
    assert.deepEqual([exitCode, err], [code, `evenkeel: ${expected}\n`]);
  }
});

test('a target is found by its place, name or identifier, and must be one', async () => {
  const target = (n: number, port: number) => ({
    id: `tgt-01m7y7pvpcamhyyt${n}`,
    name: `10.0.0.1:${port}`,
    targetGroupId: 'tg-01m7y7pvpcamhyyt2n',
    address: '10.0.0.1',
    port,
  });
  const [one, two] = [target(21, 80), target(22, 81)];
  await using api = await ScriptedApi.start({
    ...READ,
    'GET /v1/target-groups': page({ id: 'tg-01m7y7pvpcamhyyt2n', name: 'blue', loadBalancerId: WEB.id }),
    'GET /v1/target-groups/tg-01m7y7pvpcamhyyt2n/targets': page(one, two),
  });
  for (const text of ['10.0.0.1:81', two.id, 'web/blue/10.0.0.1:81', `blue/${two.id}`]) {
    const { out } = await cli(['target', 'show', text, '-q'], withApi(api));
    assert.equal(out, `${two.id}\n`, text);
  }
  const { exitCode, err } = await cli(['target', 'show', '10.0.0.1'], withApi(api));
  assert.equal(exitCode, 2);
  assert.match(err, /several targets "10\.0\.0\.1".*\n {2}blue\/10\.0\.0\.1:80 .*\n {2}blue\/10\.0\.0\.1:81 /);
});

const gone = (kind: string, name: string, more: object = {}) => ({
  ...{ action: 'deleted', kind, id: `${kind}-1`, name, loadBalancer: 'web', parent: null, fields: [] },
  ...more,
});
const DELETION = {
  loadBalancerId: WEB.id,
  name: 'web',
  summary: { created: 0, updated: 1, deleted: 7 },
  changes: [
    gone('loadBalancer', 'web'),
    gone('listener', 'http-80'),
    gone('targetGroup', 'web'),
    ...[1, 2, 3, 4].map((i) => gone('target', `10.0.0.${i}:80`, { parent: 'web' })),
    gone('elasticIp', 'public', {
      action: 'updated',
      loadBalancer: '',
      fields: [{ field: 'loadBalancer', before: 'web', after: null }],
    }),
  ],
  hindrances: [{ code: 'deletion-protected', detail: 'deletion protection of web is on' }],
  impact: {
    listeners: [
      {
        ...{ listenerId: LISTENER.id, name: 'http-80', loadBalancer: 'web', effect: 'ended' },
        ...{ reasons: ['it is deleted or disabled'], connections: 3 },
      },
    ],
    touched: 1,
    connections: 3,
    nodes: [],
  },
};

const DELETED: Readonly<Record<string, Answer>> = {
  ...READ,
  [`GET /v1/load-balancers/${WEB.id}/deletion`]: { body: DELETION },
  [`DELETE /v1/load-balancers/${WEB.id}`]: { body: { id: WEB.id, generation: 9, operationId: OPERATION } },
  [`DELETE /v1/load-balancers/${MAIL.id}`]: problem('deletion-protected', 'mail is protected from deletion'),
};

test('a person at a terminal is asked before a deletion', async () => {
  await using api = await ScriptedApi.start(DELETED);
  const asked = () => api.asked.filter(({ call }) => call.startsWith('DELETE')).length;
  const no = await cli(['lb', 'delete', 'web'], withApi(api, { terminal: true, answers: ['n'] }));
  assert.deepEqual([no.exitCode, asked()], [1, 0]);
  assert.match(
    no.err,
    /Delete load balancer\n {2}web \(lb-\w+\) with 1 listener \(http-80\), 1 target group \(web\), 4 targets \(10\.0\.0\.1:80, 10\.0\.0\.2:80, 10\.0\.0\.3:80, …\), 3 open connections; elastic IP public is kept; deletion protection of web is on\nGo on\? \[y\/N\] .*nothing was changed/s,
  );
  const yes = await cli(['lb', 'delete', 'web'], withApi(api, { terminal: true, answers: ['y'] }));
  assert.deepEqual([yes.exitCode, asked()], [0, 1]);
  const unasked = await cli(['lb', 'delete', 'web', '--yes'], withApi(api, { terminal: true }));
  assert.deepEqual([unasked.exitCode, unasked.err], [0, '']);
  const script = await cli(['lb', 'delete', 'web'], withApi(api));
  assert.match(script.out, /^Load balancer web \(.*\) deleted\.\nApplied on 1 node\.\n$/);
});

test('a dry run shows what would go with a load balancer, and deletes nothing', async () => {
  await using api = await ScriptedApi.start(DELETED);
  const words = ['lb', 'delete', 'web', '--dry-run', '--force', '--release-eip'];
  const { out, exitCode } = await cli(words, withApi(api));
  assert.equal(exitCode, 7);
  assert.match(
    out,
    /^- load balancer web\n- listener web\/http-80\n- target group web\/web\n- target web\/web\/10\.0\.0\.1:80\n/,
  );
  assert.match(out, /\n~ elastic IP public\n {4}loadBalancer: web → –\n1 to change, 7 to delete\.\n/);
  assert.match(out, /\n! refused: deletion protection of web is on\nTouches 1 listener; .*\(3 open connections; /s);
  const [asked] = api.asked.filter(({ call }) => call.includes('/deletion'));
  assert.equal(asked!.call, `GET /v1/load-balancers/${WEB.id}/deletion?force=true&releaseElasticIp=true`);
  assert.ok(!api.asked.some(({ call }) => call.startsWith('DELETE')));
  const quiet = await cli([...words, '--json'], withApi(api));
  assert.deepEqual(JSON.parse(quiet.out), DELETION);
  await cli(['lb', 'delete', 'web', '--release-eip'], withApi(api));
  assert.equal(
    api.asked.find(({ call }) => call.startsWith('DELETE'))!.call,
    `DELETE /v1/load-balancers/${WEB.id}?releaseElasticIp=true`,
  );
});

test('several are looked up before the first is deleted; what is gone is said, even if the next is refused', async () => {
  await using api = await ScriptedApi.start(DELETED);
  const slip = await cli(['lb', 'delete', 'web', 'none'], withApi(api));
  assert.equal(slip.exitCode, 3);
  assert.ok(!api.asked.some(({ call }) => call.startsWith('DELETE')));
  const { out, err, exitCode } = await cli(['lb', 'delete', 'web', 'mail', 'web'], withApi(api));
  assert.match(out, /^Load balancer web \(.*\) deleted\.\n$/);
  assert.deepEqual([exitCode, err], [4, 'evenkeel: mail is protected from deletion\n']);
});

const FILE = 'loadBalancers: [{name: web, prune: true}]';
const PRUNED = {
  dryRun: true,
  generation: 3,
  operationId: null,
  summary: { created: 0, updated: 0, deleted: 1, unchanged: 1 },
  changes: [
    {
      action: 'deleted',
      kind: 'listener',
      id: LISTENER.id,
      name: 'http-80',
      loadBalancer: 'web',
      parent: null,
      fields: [],
    },
  ],
};

test('apply asks a person at a terminal before it deletes', async () => {
  await using api = await ScriptedApi.start({ 'POST /v1/apply': { body: PRUNED } });
  const around = { terminal: true, input: FILE, answers: ['no'], env: { NO_COLOR: '1' } };
  const no = await cli(['apply', '-f', '-'], withApi(api, around));
  assert.equal(no.exitCode, 1);
  assert.match(no.err, /^- listener web\/http-80\n1 to delete; 1 as they are\.\nThis deletes 1 object\.\nGo on\?/);
  assert.deepEqual(api.bodies('POST /v1/apply'), [{ dryRun: true, loadBalancers: [{ name: 'web', prune: true }] }]);
  const yes = await cli(['apply', '-f', '-', '--yes'], withApi(api, around));
  assert.equal(yes.exitCode, 0);
  assert.equal((api.bodies('POST /v1/apply').at(-1) as { dryRun: boolean }).dryRun, false);
});

test('a dry run tells a difference by its exit code', async () => {
  await using api = await ScriptedApi.start({ 'POST /v1/apply': { body: PRUNED } });
  const { exitCode, out } = await cli(['apply', '-f', '-', '--dry-run'], withApi(api, { input: FILE }));
  assert.deepEqual([exitCode, out], [7, '- listener web/http-80\n1 to delete; 1 as they are.\n']);
  const quiet = await cli(['apply', '-f', '-', '--dry-run', '-q'], withApi(api, { input: FILE }));
  assert.equal(quiet.out, `${LISTENER.id}\n`);
});
