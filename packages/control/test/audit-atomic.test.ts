import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { contract, type OperationName } from '@evenkeel/model/contract/contract.ts';
import type { Route } from '@evenkeel/model/contract/route.ts';
import type { IdKind } from '@evenkeel/model/id-kinds.ts';
import type { Problem } from '@evenkeel/model/problem.ts';
import type { JoinTokenCreated } from '@evenkeel/model/resources/join-token.ts';
import { parsePostgresUrl } from '../src/store/postgres/settings.ts';
import { type Inhabited, inhabit } from './everything.ts';
import { JoiningNode } from './joining-node.ts';
import { type Shape, sample } from './reference-fields.ts';
import { Running } from './running.ts';
import { secureCall } from './secure-call.ts';
import { POSTGRES_KIND, postgresServer, SQLITE_KIND, type StoreKind, stateFile } from './stores.ts';
import { ROOT, SITE, upload } from './tls.ts';

/**
 * Every write of the API is tried by somebody whose entries the audit log does not take: each has to fail, and none may
 * leave anything behind. A route that is new is tried as well, by a body that its schema makes.
 */

const WRITES = (Object.entries<Route>(contract) as [OperationName, Route][]).filter(
  ([, { method }]) => method !== 'GET',
);
/** A node answers it, and nothing is written but the entry. */
const NOT_TRIED: readonly OperationName[] = ['tryHealthCheck'];

const PASSWORD = 'a sentence of words';
const ANOTHER = 'another sentence of words';

/** What is written by the control plane itself, or told to others, at times of its own. */
const OWN_AFFAIR =
  /^(event|webhook_\w+|node|leadership|control_plane|watched_traffic|signature_\w+|change_feed|sqlite_\w+)$/;

/** The rows of all other tables, by table. */
type Rows = Readonly<Record<string, string>>;

interface State {
  /** For a control plane; null: in its home. */
  readonly database: ReturnType<typeof parsePostgresUrl> | null;
  /** Has no entry of that user written from now on, and none of a node that joins. */
  refuse(home: string, actor: string): void;
  rows(home: string): Rows;
}

const REFUSED = (actor: string) => `new.actor = '${actor}' or new.action = 'agentJoin'`;

const inSqlite: State = {
  database: null,
  refuse(home, actor) {
    using db = new DatabaseSync(stateFile(home));
    const refusal = `begin select raise(abort, 'not recorded'); end`;
    db.exec(`create trigger unrecorded before insert on audit_entry when ${REFUSED(actor)} ${refusal}`);
  },
  rows(home) {
    using db = new DatabaseSync(stateFile(home));
    const tables = db.prepare(`select name from sqlite_master where type = 'table'`).all() as { name: string }[];
    const read = (table: string) => db.prepare(`select * from "${table}" order by 1, 2`).all();
    return Object.fromEntries(
      tables.filter(({ name }) => !OWN_AFFAIR.test(name)).map(({ name }) => [name, JSON.stringify(read(name))]),
    );
  },
};

async function inPostgres(): Promise<State> {
  const server = await postgresServer();
  const database = parsePostgresUrl(server.createDatabase());
  const query = (statements: string) => server.query(database.database, statements);
  return {
    database,
    refuse(_, actor) {
      query(`create function unrecorded() returns trigger language plpgsql as
          $$ begin raise exception 'not recorded' using errcode = '23514'; end $$;
        create trigger unrecorded before insert on audit_entry for each row when (${REFUSED(actor)})
          execute function unrecorded();`);
    },
    rows() {
      const tables = query(`select table_name from information_schema.tables where table_schema = 'public'`);
      const names = tables.split('\n').filter((name) => name !== '' && !OWN_AFFAIR.test(name));
      const reads = names.map(
        (name) => `select '${name} ' || coalesce(json_agg(t order by t::text)::text, '') from ${name} t`,
      );
      const lines = query(reads.join(' union all ')).split('\n');
      return Object.fromEntries(
        names.map((name) => [name, lines.filter((line) => line.startsWith(`${name} `)).join('')]),
      );
    },
  };
}

/** Whose entries are not taken, and what they come with. */
interface Unrecorded {
  readonly id: string;
  readonly token: string;
  readonly session: string;
  readonly csrf: string;
}

async function unrecorded(running: Running): Promise<Unrecorded> {
  const { id } = await running.call('createUser', { body: { name: 'unrecorded', role: 'admin', reach: 'all' } });
  await running.call('setPassword', { params: { userId: id }, body: { password: PASSWORD } });
  const { token } = await running.call('createToken', { body: { userId: id } });
  const answer = await running.try('login', { body: { user: 'unrecorded', password: PASSWORD } });
  const { csrfToken: csrf } = answer.body as { csrfToken: string };
  const [, session] = /evenkeel_session=([^;]+)/.exec(answer.headers.getSetCookie().join('\n'))!;
  return { id, token, session: session!, csrf };
}

/** What can be deleted as nothing refers to it, associated, disassociated and so on, by operation. */
async function spare(running: Running, { token, ids }: Inhabited) {
  const own: Running['call'] = (name, args = {}) => running.call(name, { ...args, token });
  const { loadBalancer: loadBalancerId } = ids;
  const service = { loadBalancerId, name: 'spare', protocol: 'http', port: 81 };
  const other = await own('createLoadBalancer', { body: { name: 'spare' } });
  const address = await own('createElasticIp', { body: { name: 'spare' } });
  await own('associateElasticIp', { params: { elasticIpId: address.id }, body: { loadBalancerId: other.id } });
  const certificate = await own('createCertificate', { body: upload(SITE, { name: 'spare' }) });
  await own('blockSources', { body: { entries: [{ source: '192.0.2.1' }, { source: '192.0.2.2' }] } });
  const at = { backupId: (await running.call('createBackup', { body: {} })).id };
  const user = await own('createUser', { body: { name: 'spare', role: 'viewer' } });
  const params: Partial<Record<OperationName, Record<string, string>>> = {
    deleteBackendService: { backendServiceId: (await own('createBackendService', { body: service })).id },
    deleteTargetGroup: {
      targetGroupId: (await own('createTargetGroup', { body: { loadBalancerId, name: 'spare' } })).id,
    },
    deleteCertificate: { certificateId: certificate.id },
    deleteVpc: { vpcId: (await own('createVpc', { body: { name: 'spare', cidrs: ['10.30.0.0/16'] } })).id },
    deleteTenant: { tenantId: (await running.call('createTenant', { body: { name: 'spare' } })).id },
    deleteUser: { userId: user.id },
    disassociateElasticIp: { elasticIpId: address.id },
    updateRegion: { regionId: (await running.call('createRegion', { body: { name: 'north' } })).id },
    updateZone: { zoneId: (await running.call('createZone', { body: { name: 'north-1' } })).id },
    updateSpecification: {
      specification: (
        await running.call('createSpecification', {
          body: { name: 'small', connections: 1, connectionsPerSecond: 1, requestsPerSecond: null },
        })
      ).id,
    },
    deleteBackup: at,
    verifyBackup: at,
    restoreBackup: at,
    cancelOperation: { operationId: (await own('createElasticIp', { body: { name: 'on-its-way' } })).operationId },
    applyChangeSet: {
      changeSetId: (await own('createChangeSet', { body: { loadBalancers: [{ name: 'planned' }] } })).id,
    },
  };
  return {
    ...params,
    deleteRegion: params.updateRegion!,
    deleteZone: params.updateZone!,
    deleteSpecification: params.updateSpecification!,
  };
}

/** Bodies for what a schema does not say. */
function bodiesFor({ ids, names }: Inhabited): Partial<Record<OperationName, object>> {
  return {
    createCertificate: upload(SITE, { name: 'made' }),
    updateCertificate: upload(SITE),
    createAuthority: { name: 'made', certificates: ROOT.certificate },
    createAccessKey: { userId: ids.user },
    createToken: { userId: ids.user },
    createRule: { name: 'made', match: { methods: ['GET'] }, respond: { status: 404 } },
    createVpc: { name: 'made', cidrs: ['10.9.0.0/16'] },
    createSubnet: { vpcId: ids.vpc, name: 'made', cidr: '10.20.2.0/24' },
    createSecurityGroup: { name: 'made', rules: [{ action: 'allow', source: '10.0.0.0/8' }] },
    createSecurityPolicy: { name: 'made', versions: ['1.3'], ciphers: ['TLS_AES_128_GCM_SHA256'] },
    createAccessPolicy: { name: 'made', statements: [{ effect: 'deny', actions: ['delete*'] }] },
    createSpecification: { name: 'made', connections: 1, connectionsPerSecond: 1, requestsPerSecond: 1 },
    createListener: { loadBalancerId: ids.loadBalancer, protocol: 'tcp', port: 8_443 },
    createBackendService: { loadBalancerId: ids.loadBalancer, name: 'made', protocol: 'http', port: 80 },
    createWebhook: { name: 'made', url: 'https://127.0.0.1:1/' },
    createZone: { name: 'made' },
    drainNode: { force: true },
    createChangeSet: { loadBalancers: [{ name: 'made' }] },
    applyConfiguration: { loadBalancers: [{ name: 'made' }] },
    importConfiguration: { loadBalancers: [{ name: 'made' }] },
    exportSealedConfiguration: { passphrase: PASSWORD },
    registerTargets: { targets: [{ address: '10.0.0.9' }] },
    updateTargets: { targets: [{ id: ids.target, weight: 3 }] },
    deregisterTargets: { targetIds: [ids.target] },
    replaceRules: { rules: [] },
    blockSources: { entries: [{ source: '198.51.100.1' }] },
    unblockSources: { sources: ['192.0.2.1'] },
    updateQuotas: { quotas: { certificates: 400 } },
    updateBackupPolicy: { keep: 9 },
    setPassword: { password: ANOTHER },
    changePassword: { current: PASSWORD, password: ANOTHER },
    login: { user: 'unrecorded', password: PASSWORD },
    cloneLoadBalancer: { name: `${names['loadBalancer']}-2` },
    deleteLoadBalancers: { loadBalancerIds: [ids.loadBalancer] },
  };
}

for (const kind of [SQLITE_KIND, POSTGRES_KIND] satisfies StoreKind[]) {
  test(
    `${kind.name}: what cannot be recorded is not done, whatever the call`,
    {
      skip: kind.skip,
      timeout: 120_000,
    },
    async (t) => walk(t, kind === SQLITE_KIND ? inSqlite : await inPostgres()),
  );
}

async function walk(t: TestContext, state: State): Promise<void> {
  const running = await Running.start(t, { database: state.database });
  const own = await inhabit(running, 'own');
  const nobody = await unrecorded(running);
  const spares: Partial<Record<OperationName, Record<string, string>>> = await spare(running, own);
  const bodies = bodiesFor(own);
  // Nodes join over TLS alone.
  const secure = { tls: { kind: 'self-signed' } } as const;
  await running.restart(() => {}, secure);
  const made = await secureCall(running, 'POST', '/v1/join-tokens', { body: { uses: 5 } });
  const joinToken = made.body as JoinTokenCreated;
  await new JoiningNode('lb-1').joined(running, joinToken.token);
  let before: Rows = {};
  await running.restart(() => {
    state.refuse(running.home, nobody.id);
    before = state.rows(running.home);
  }, secure);

  const idOf = (parameter: string) => {
    if (parameter === 'nodeId') return 'lb-1';
    return parameter === 'joinTokenId' ? joinToken.id : own.ids[parameter.replace(/Id$/, '') as IdKind];
  };
  const ask = (name: OperationName, route: Route, body: unknown = bodyOf(name, route)) => {
    const path = route.path.replace(
      /\{(\w+)\}/g,
      (_, parameter: string) => spares[name]?.[parameter] ?? idOf(parameter),
    );
    const bySession = name === 'logout';
    const query = name === 'deleteLoadBalancer' ? '?force=true' : '';
    return secureCall(running, route.method, `${path}${query}`, {
      body,
      headers: {
        authorization: bySession || route.public ? '' : `Bearer ${nobody.token}`,
        ...(!route.public && !bySession && { 'evenkeel-tenant': 'own' }),
        ...(bySession && { cookie: `__Host-evenkeel_session=${nobody.session}`, 'evenkeel-csrf': nobody.csrf }),
      },
    });
  };
  const bodyOf = (name: OperationName, { body }: Route) =>
    body === undefined ? undefined : (bodies[name] ?? sample(body as Shape, (one) => own.ids[one]));
  const otherwise: string[] = [];
  const tried = async (name: string, trying: Promise<{ status: number; body: unknown }>) => {
    const { status, body } = await trying;
    if (status !== 500 || (body as Problem).code !== 'internal') otherwise.push(`${name}: ${JSON.stringify(body)}`);
  };
  await tried('agentJoin', new JoiningNode('lb-2').join(running, joinToken.token));
  for (const [name, route] of WRITES) if (!NOT_TRIED.includes(name)) await tried(name, ask(name, route));
  await tried('restoreBackup of a block list', ask('restoreBackup', contract.restoreBackup, { blockList: true }));
  assert.deepEqual(otherwise, [], 'all else was in order, so that only the audit log refuses it');

  const { body } = await secureCall(running, 'GET', '/v1/backups');
  const backups = (body as { items: { id: string; reason: string }[] }).items.filter(
    ({ reason }) => reason === 'manual',
  );
  assert.deepEqual(
    backups.map(({ id }) => id),
    [spares.deleteBackup!['backupId']],
  );

  let after: Rows = {};
  await running.restart(() => {
    after = state.rows(running.home);
  });
  for (const table of Object.keys({ ...before, ...after })) assert.equal(after[table], before[table], table);
}
