import { randomBytes } from 'node:crypto';
import { createIdSource } from '@evenkeel/model/identifiers.ts';
import { DEFAULT_QUOTAS } from '@evenkeel/model/limits.ts';
import type { LoadBalancerDocument } from '@evenkeel/model/resources/document.ts';
import { ADMINISTRATOR } from '../src/access/identity.ts';
import { Validators } from '../src/api/validation.ts';
import { createWrites } from '../src/api/writes.ts';
import { authorNamed, type NewAuditEntry } from '../src/audit/entry.ts';
import { ChangeSetWriter } from '../src/change-sets/carry-out.ts';
import { ChangeSets } from '../src/change-sets/change-sets.ts';
import { createFromDocument } from '../src/configuration/apply.ts';
import { EventLog } from '../src/events/log.ts';
import { Assessor } from '../src/impact/assess.ts';
import { NodeQuestions } from '../src/nodes/questions.ts';
import { NodeRegistry } from '../src/nodes/registry.ts';
import { PlanPublisher } from '../src/plan/publisher.ts';
import { ProblemError } from '../src/problem.ts';
import { network } from '../src/resources/addresses.ts';
import { Vault } from '../src/secrets/vault.ts';
import type { Draft } from '../src/state/draft.ts';
import { openPostgres } from '../src/store/postgres/open.ts';
import { parsePostgresUrl } from '../src/store/postgres/settings.ts';
import { Store, type StoreOptions } from '../src/store/store.ts';
import { enqueue } from '../src/webhooks/outbox.ts';
import { createWebhook } from '../src/webhooks/webhooks.ts';

/**
 * A process that writes until it is killed, several writes at a time: each creates two load balancers with everything in
 * them, named by a number; every other one by a change set. Of each it has an event written, which a webhook wants. It
 * says each number when the write was acknowledged. Arguments: a file of SQLite or a URL of PostgreSQL, the file of the
 * key, and the first number.
 */
const [place, key, first] = process.argv.slice(2) as [string, string, string];
const options: StoreOptions = {
  quotas: { ...DEFAULT_QUOTAS, loadBalancers: 60_000 },
  pools: { vip: network('127.64.0.0/12'), elasticIp: network('127.88.0.0/16') },
  now: Date.now,
  random: Math.random,
  secret: randomBytes,
  vault: new Vault(key),
};
const store = await openStore();
const plans = new PlanPublisher(store.state);
store.onCommit((state) => plans.publish(state));
if (store.state.webhooks.size === 0) {
  const run = (draft: Draft) => createWebhook(draft, ADMINISTRATOR, { name: 'hook', url: 'https://127.0.0.1:1/' });
  await store.write({ action: 'webhook', actor: 'writer', requestId: '', run });
}
const newest = await store.read((db) => db.selectFrom('event').select('id').orderBy('id', 'desc').executeTakeFirst());
const eventIds = createIdSource(Date.now, Math.random, newest?.id);
const deliveryIds = createIdSource(Date.now, Math.random);
const events = new EventLog({
  store,
  nextId: () => eventIds.next('event'),
  now: Date.now,
  failed: (error) => {
    throw error;
  },
  also: (trx, rows) => enqueue(trx, rows, store.state.webhooks.values(), deliveryIds),
});
const changeSets = makeChangeSets();
process.stdout.write('open\n');

async function openStore(): Promise<Store> {
  if (!place.startsWith('postgres:')) return Store.open({ file: place, ...options });
  const opened = await openPostgres(parsePostgresUrl(place), options.vault, { changed() {}, waiting() {} });
  const written = new Store(options, opened);
  const own = { address: 'http://127.0.0.1:1', fingerprint: null };
  await opened.database.lead(own, Date.now(), () => written.beginTerm());
  return written;
}

function makeChangeSets(): ChangeSets {
  const quiet = { changed() {}, save() {}, moved() {}, isRevoked: () => false };
  const nodes = new NodeRegistry([], DEFAULT_QUOTAS.nodes, Date.now, quiet);
  const assessor = new Assessor({ nodes, questions: new NodeQuestions(() => false) }, plans);
  const writer = new ChangeSetWriter(createWrites({ list: () => [], since: 0 }), new Validators());
  const ids = createIdSource(Date.now, Math.random);
  return new ChangeSets({ store, vault: options.vault, writer, assessor, ids, now: Date.now });
}

const documents = (name: string): LoadBalancerDocument[] =>
  ['a', 'b'].map((half) => ({
    name: `${name}-${half}`,
    listeners: [
      {
        protocol: 'http',
        port: 80,
        service: { targets: [1, 2, 3].map((i) => ({ address: `10.0.0.${i}`, port: 80 })) },
      },
    ],
  }));

const create = (name: string) => (draft: Draft) =>
  documents(name).map((document) => createFromDocument(draft, document));

const by = {
  caller: { ...ADMINISTRATOR, actingIn: ADMINISTRATOR.tenantId, source: '' },
  requestId: '',
  check() {},
};

const audit = (detail: string): NewAuditEntry => ({
  ...{ at: Date.now(), tenantId: ADMINISTRATOR.tenantId, author: authorNamed('writer'), action: 'test', requestId: '' },
  ...{ outcome: 'done', code: null, detail, omitted: 0, operationId: null, generation: 0 },
  ...{ resource: null, change: null, before: null, after: null },
});

/** The addresses that were planned may have been given to another write meanwhile. */
async function applied(id: string): Promise<void> {
  for (;;) {
    try {
      await changeSets.apply(id, undefined, by);
      return;
    } catch (error) {
      if (!(error instanceof ProblemError && error.code === 'plan-outdated')) throw error;
      await changeSets.plan(id, by, audit);
    }
  }
}

const write = async (number: number) => {
  const name = `n${number}`;
  if (number % 2 === 0) {
    await store.write({ action: 'test', actor: 'writer', requestId: '', run: create(name) });
  } else {
    const { id } = await changeSets.create({ description: name, loadBalancers: documents(name) }, by, audit);
    await applied(id);
  }
  const subject = { kind: 'operation', id: name, name };
  events.emit({ kind: 'operation.applied', tenantId: ADMINISTRATOR.tenantId, subject, message: name });
  await events.flush();
  process.stdout.write(`${number}\n`);
};
for (let number = Number(first); ; number += 4) await Promise.all([0, 1, 2, 3].map((i) => write(number + i)));
