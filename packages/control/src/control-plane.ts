import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createIdSource } from '@evenkeel/model/identifiers.ts';
import { destination, type Logger, pino } from 'pino';
import { Authentication } from './access/authentication.ts';
import { TokenCheck } from './access/bearer.ts';
import { LockOut } from './access/lock-out.ts';
import { Logins } from './access/logins.ts';
import { PasswordHasher } from './access/password.ts';
import { RequestRates } from './access/rate-limits.ts';
import { Sessions } from './access/sessions.ts';
import { handOverSignatures, takeOverSignatures, writeBound } from './access/signature-hand-over.ts';
import { Signatures } from './access/signatures.ts';
import { Admission } from './api/admission.ts';
import { gaugesOf } from './api/gauges.ts';
import { createHandlers } from './api/handlers.ts';
import { IdempotentRequests } from './api/idempotency.ts';
import { Metrics } from './api/metrics.ts';
import { createServer } from './api/server.ts';
import { Validators } from './api/validation.ts';
import { Refusals } from './audit/refusals.ts';
import { AUDIT_KEPT } from './audit/retention.ts';
import { forgetBlockLists, rotateWhenOld, saveAll, saveWhatWaits } from './background-work.ts';
import { Backups } from './backup/backups.ts';
import { BlockLists } from './block-list/block-lists.ts';
import { loadCredentials } from './credentials.ts';
import { answerCheck } from './diagnosis/checked-answers.ts';
import { EventHub } from './events/hub.ts';
import { Assessor } from './impact/assess.ts';
import type { Leadership } from './leadership/leadership.ts';
import { openPlanes } from './leadership/open-planes.ts';
import { PassedOn } from './leadership/passed-on.ts';
import { ALONE, type Role } from './leadership/role.ts';
import type { Membership } from './nodes/membership/membership.ts';
import { openMembership } from './nodes/membership/open.ts';
import { OperationTracker } from './nodes/operations.ts';
import { saveNode } from './nodes/persistence.ts';
import { NodeQuestions } from './nodes/questions.ts';
import { NodeRegistry } from './nodes/registry.ts';
import { AgentStream } from './nodes/stream.ts';
import { TargetHealthTable } from './nodes/target-health.ts';
import type { ControlPlaneOptions } from './options.ts';
import { keepPlacement } from './placement/keep.ts';
import { PlanPublisher } from './plan/publisher.ts';
import { beginRegularWork } from './regular-work.ts';
import { Cancellations } from './revisions/cancellation.ts';
import { Revisions } from './revisions/revisions.ts';
import { Vault } from './secrets/vault.ts';
import { unsettledOperations } from './store/history.ts';
import { Store, type StoreOptions } from './store/store.ts';
import { TrafficWatch } from './traffic/traffic-watch.ts';
import { ApiCertificate } from './transport/api-certificate.ts';
import { beginAuthority, secureContextOf } from './transport/client-certificates.ts';
import { LastRequests } from './transport/last-requests.ts';
import { followCertificate, listen, openMetrics, originOf } from './transport/listen.ts';
import { Deliverer } from './webhooks/deliverer.ts';
import { resolveHost } from './webhooks/destination.ts';
import { twoAtATime } from './webhooks/lookups.ts';
import { enqueue } from './webhooks/outbox.ts';
import { post } from './webhooks/post.ts';

export const VERSION = '0.1.0';

/** Characters of the log that wait for whoever reads it; beyond them, lines are dropped. */
const LOG_BUFFER = 4 * 1_048_576;
/** Milliseconds: the rhythm of the agents' connections. */
const PING = 5_000;
const SILENCE = 15_000;
const DAY = 86_400_000;
/** Streams of agents at a time, at least. */
const STREAMS = 64;
/** Milliseconds that requests and agents have to finish when the control plane stops. */
const DRAIN = 2_000;

export interface ControlPlane {
  /** Origin of the API. */
  readonly url: string;
  /** Of the certificate that the API shows; null: it shows none. */
  readonly fingerprint: string | null;
  readonly metricsUrl: string;
  readonly adminToken: string;
  readonly nodeToken: string;
  /** Answers what is under way, says goodbye to the agents, and closes the state. */
  close(): Promise<void>;
}

/** Opens the state, and serves API and agents. Rejects with a StartError. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { home, quotas, pools } = options;
  const now = Date.now;
  // Standard output belongs to whoever started this process; the log goes to standard error.
  const logger = pino({ level: options.logLevel }, destination({ dest: 2, sync: false, maxLength: LOG_BUFFER }));
  const metrics = new Metrics();
  const traffic = new TrafficWatch(now);
  const vault = new Vault(join(home, 'credentials', 'secrets.key'));
  const storeOptions: StoreOptions = {
    vault,
    quotas,
    pools,
    auditKept: { ...AUDIT_KEPT, milliseconds: options.auditDays * DAY },
    now,
    random: Math.random,
    secret: randomBytes,
    deletions: traffic,
    committed: (milliseconds, writes) => metrics.committed(milliseconds / 1_000, writes),
    failed: (error) => logger.error({ err: error }, 'a committed change could not be passed on'),
  };
  if (options.database !== null) {
    const { openShared } = await import('./leadership/shared-store.ts');
    return openShared(options.database, home, storeOptions, logger, (shared) =>
      start(options, shared, vault, metrics, traffic, logger),
    );
  }
  const store = await Store.open({ file: join(home, 'state', 'evenkeel.db'), ...storeOptions });
  try {
    return await start(options, { store, leadership: null }, vault, metrics, traffic, logger);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function start(
  options: ControlPlaneOptions,
  { store, leadership }: { readonly store: Store; readonly leadership: Leadership | null },
  vault: Vault,
  metrics: Metrics,
  traffic: TrafficWatch,
  logger: Logger,
): Promise<ControlPlane> {
  const now = Date.now;
  const role: Role = leadership ?? ALONE;
  const closing = new AbortController();
  const certificate = options.tls && new ApiCertificate({ ...options, tls: options.tls, now });
  const fingerprint = () => certificate?.shown.fingerprint ?? null;
  let address = options.advertise ?? originOf(options, options.port);
  const planes = openPlanes({
    ...{ store, leadership, certificate, logger, software: VERSION },
    address: () => address,
    stream: () => stream,
  });
  const credentials = loadCredentials(options.home, originOf(options, options.port), fingerprint());
  const plans = new PlanPublisher(store.state);
  const health = new TargetHealthTable(() => store.state);
  const nodes = new NodeRegistry(
    await store.read((db) => db.selectFrom('node').selectAll().execute()),
    options.quotas.nodes,
    now,
    {
      changed: () => role.leads && [operations.settle(), placement.look()],
      isRevoked: (node) => membership.identities.isRevoked(node),
      moved: () => stream.introduce(),
      save: (node) =>
        saveNode(store, node).catch((error) => {
          nodes.notKept(node);
          logger.error({ err: error }, 'a node could not be saved');
        }),
    },
  );
  const membership: Membership = openMembership(options, {
    ...{ store, vault, nodes, fingerprint, logger },
    fingerprints: () => planes.fingerprints(),
    nodeToken: credentials.nodeToken,
    later: () => ({ stream, events, operations }),
  });
  await membership.load();
  if (leadership === null) await membership.ensureAuthority();
  const hasJoined = (node: string) => membership.identities.get(node) !== null;
  const placement = keepPlacement(store, nodes, hasJoined, logger, () => operations.settle());
  const unsettled = await store.read(unsettledOperations);
  const operations = new OperationTracker(nodes, now, unsettled, placement);
  const backups = new Backups({
    folder: join(options.home, 'backups'),
    store,
    vault,
    version: VERSION,
    now,
    random: Math.random,
    made: (record) => events.backupMade(record),
    failed: (reason) => events.backupFailed(reason),
    untestable: (record, reason) => events.backupUntestable(record, reason),
    policyTaken: (file, rules) =>
      logger.info(
        { file, rules },
        'the backup policy is kept in the state from now on; its file was read for the last time',
      ),
  });
  const deliveryIds = createIdSource(now, Math.random);
  const events = new EventHub({
    store,
    nodes,
    health,
    operations,
    drains: placement,
    isNode: (node) => nodes.get(node) !== null || hasJoined(node),
    now,
    random: Math.random,
    closing: closing.signal,
    certificateNotice: options.certificateNotice,
    failed: (error) => logger.error({ err: error }, 'events could not be written'),
    also: (trx, rows) => enqueue(trx, rows, store.state.webhooks.values(), deliveryIds),
  });
  const resolve = twoAtATime(resolveHost);
  const deliverer = new Deliverer({
    store,
    now,
    random: Math.random,
    post: (to, body, headers) =>
      post(to, body, headers, { allowLocal: options.allowLocalWebhooks, resolve, signal: closing.signal }),
    emit: (event) => events.log.emit(event),
    version: VERSION,
    failed: (error) => logger.error({ err: error }, 'what came of a delivery could not be written'),
  });
  const blockLists = new BlockLists({
    store,
    now,
    random: Math.random,
    failed: (error) => logger.error({ err: error }, 'block lists on disk could not be made shorter'),
  });
  if (role.leads) await blockLists.load();
  const questions = new NodeQuestions((node, query) => stream.ask(node, query));
  traffic.watch({ store, nodes, questions });
  const assessor = new Assessor({ nodes, questions }, plans);
  const revisions = new Revisions(store, vault, assessor);
  const stream: AgentStream = new AgentStream({
    plans,
    nodes,
    health,
    questions,
    blockLists,
    membership,
    warn: (node, message) => logger.warn({ node }, message),
    ping: PING,
    silence: SILENCE,
    // A node that connects again may have a ghost.
    limit: Math.max(STREAMS, 2 * options.quotas.nodes),
  });
  store.onCommit((state, committed) => {
    plans.publish(state);
    stream.publish();
    operations.follow(committed);
    if (role.leads) forgetBlockLists(blockLists, state, logger);
  });
  metrics.observe(gaugesOf({ store, role, nodes, operations, placement, backups, events }));

  const validators = new Validators();
  const sessions = new Sessions({ store, ids: createIdSource(now, Math.random), now, secret: randomBytes });
  const hasher = new PasswordHasher();
  const lockOut = new LockOut(now);
  const logins = new Logins({ sessions, hasher, lockOut, vault, state: () => store.state, secret: randomBytes });
  const refusals = new Refusals((entries) => store.recordAudit(entries));
  const signatures = new Signatures(
    () => store.state,
    now,
    (bound) => writeBound(store, bound),
  );
  if (leadership === null)
    await takeOverSignatures(store.database, signatures, logger, join(options.home, 'state', 'unpacked'));
  const rates = new RequestRates(options.rateLimits, () => performance.now());
  const app = await createServer({
    version: VERSION,
    handlers: createHandlers({
      store,
      sessions,
      logins,
      hasher,
      backups,
      revisions,
      cancellations: new Cancellations(store, vault, assessor, operations),
      blockLists,
      assessor,
      vault,
      validators,
      ids: createIdSource(now, Math.random),
      ...{ nodes, membership, planes, health, questions, operations, events, deliverer, traffic, now },
      checked: answerCheck(validators),
      pools: options.pools,
    }),
    store,
    admission: new Admission({
      authentication: new Authentication(
        new TokenCheck(credentials.adminToken),
        () => store.state,
        signatures,
        sessions,
      ),
      rates,
      state: () => store.state,
      now,
    }),
    refusals,
    dropped: () => logger.warn('a reader of a stream took nothing for too long, and was cut off'),
    membership,
    rates,
    idempotency: new IdempotentRequests(store, now),
    validators,
    closing: closing.signal,
    stream,
    metrics,
    metricsHere: options.metrics === null,
    logger,
    tls: certificate?.shown ?? null,
    forwarding: { role, passedOn: new PassedOn(vault, now), reached: store.reached.bind(store) },
  });
  const metricsListener =
    options.metrics && (await openMetrics(options.metrics, options.heldMetricsSocket, metrics, certificate));
  const last = options.heldSocket === null ? null : new LastRequests(app.server);
  const url = await listen(app, options);
  if (options.port === 0) loadCredentials(options.home, url, fingerprint());
  address = options.advertise ?? url;
  await planes.begin();
  const unfollow =
    certificate &&
    followCertificate(app.server, certificate, {
      contextOf: (shown) => secureContextOf(shown, membership),
      changed() {
        void planes.look();
        loadCredentials(options.home, url, fingerprint());
        metricsListener?.show(certificate.shown);
        logger.info({ fingerprint: fingerprint() }, 'the API shows another certificate from now on');
      },
      failed: (error) =>
        logger.error({ err: error }, 'the new certificate of the API cannot be used; the one before goes on'),
    });
  const beginToLead = () => {
    const failed = (what: string) => (error: unknown) => logger.error({ err: error }, `${what} could not be read`);
    deliverer.begin().catch(failed('webhooks'));
    events.begin().catch(failed('events'));
    void backups.begin(failed('the backup policy'));
    placement.begin();
  };
  if (leadership === null) beginToLead();
  await leadership?.start({
    place: () => ({ address, fingerprint: fingerprint() }),
    async prepare() {
      await store.beginTerm();
      // First: who was revoked counts for nothing in what follows.
      await membership.load();
      nodes.reset(await store.read((db) => db.selectFrom('node').selectAll().execute()));
      operations.reset(await store.read(unsettledOperations));
      signatures.beginTerm();
      await takeOverSignatures(store.database, signatures, logger);
      await blockLists.load();
    },
    elected() {
      logger.info('this control plane leads');
      if (certificate) beginAuthority(app.server, certificate, membership, logger);
      rotateWhenOld(store, logger);
      beginToLead();
    },
    deposed() {
      logger.warn('this control plane leads no longer; it follows');
      stream.close();
      placement.end();
      deliverer.end();
      events.deposed();
    },
  });
  const endRegularWork = beginRegularWork({
    ...{ role, store, nodes, membership, backups, operations, refusals, validators, traffic, logger },
  });
  return {
    url,
    fingerprint: fingerprint(),
    metricsUrl: metricsListener?.url ?? `${url}/metrics`,
    ...credentials,
    async close() {
      unfollow?.();
      endRegularWork();
      await planes.end();
      placement.end();
      events.end();
      deliverer.end();
      await placement.idle();
      await backups.idle;
      closing.abort();
      stream.close();
      const force = setTimeout(() => {
        stream.terminate();
        app.server.closeAllConnections();
      }, DRAIN);
      await Promise.all([last?.answer(), metricsListener?.close()]);
      await app.close();
      clearTimeout(force);
      if (role.leads) {
        await saveAll(store, nodes, operations, traffic, logger);
        await handOverSignatures(store, signatures, logger);
        await saveWhatWaits({ store, operations, refusals, unwritten: membership.unwritten }, logger);
        await events.close();
        await deliverer.idle();
      }
      await leadership?.close();
      await store.close();
      logger.flush();
    },
  };
}
