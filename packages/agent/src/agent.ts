import { planOf } from '@evenkeel/model/plan/delta.ts';
import type { NodePlan } from '@evenkeel/model/plan/plan.ts';
import type { ReportedHealth } from '@evenkeel/model/plan/stream.ts';
import type { TargetStanding } from '@evenkeel/proxy/standing/standing.ts';
import type { CertificateFailure } from '@evenkeel/proxy/tls/listener-tls.ts';
import type { Logger } from 'pino';
import type { NodeAgentOptions } from './agent-options.ts';
import { within } from './clock/within.ts';
import { type FloodWatch, watchFloods } from './datapath/flood-watch.ts';
import { MachineWatch } from './datapath/machine-watch.ts';
import { type ExplainingNode, explainOn } from './diagnosis/explain.ts';
import { nodeCounters, trafficAnswerers } from './diagnosis/traffic-answerers.ts';
import { healthAnswerers } from './health/answerers.ts';
import { type HealthChange, HealthChecker } from './health/checker.ts';
import { HealthLog } from './health/health-log.ts';
import { KnownHealth } from './health/known.ts';
import { isEligible } from './health/state.ts';
import { TrafficStandings } from './health/traffic-standings.ts';
import { Revocation } from './membership/revocation.ts';
import { type Applied, Applier } from './plan/applier.ts';
import { FirstPlan } from './plan/first-plan.ts';
import { PlanIntake } from './plan/intake.ts';
import { PacedResync } from './plan/paced-resync.ts';
import { Resolver } from './plan/resolver.ts';
import { PlanStore } from './plan/store.ts';
import { StreamClient } from './stream/client.ts';
import { heartbeatOf, helloOf } from './stream/introduction.ts';
import { parseToAgent } from './stream/messages.ts';
import { Outbox } from './stream/outbox.ts';
import { Questions } from './stream/questions.ts';
import type { AccessLog } from './telemetry/access-log.ts';
import type { ControlCounts } from './telemetry/control-counts.ts';
import type { NodeHealth } from './telemetry/metrics-server.ts';
import { openAccessLog } from './telemetry/node-access-log.ts';
import { NodeOverload } from './telemetry/node-overload.ts';
import { ProcessMeter } from './telemetry/process-usage.ts';
import { RecentRequests } from './telemetry/recent-requests.ts';
import type { Snapshot } from './telemetry/snapshot.ts';

/** Milliseconds that the disk is given at the end. */
const LAST_WRITES = 2000;
/** Milliseconds that block lists on disk have before the plan is served: after a start nobody else serves it meanwhile. */
const RESTART_PATIENCE = 1000;
/** In an upgrade the other process does; a step of that may take 30 s. */
const UPGRADE_PATIENCE = 15_000;

/** The node agent: puts plan, health, stream and telemetry around an engine. */
export class NodeAgent {
  readonly #options: NodeAgentOptions;
  readonly #log: Logger;
  readonly #healthLog: HealthLog;
  readonly #store: PlanStore;
  readonly #checker: HealthChecker;
  readonly #known = new KnownHealth();
  readonly #standings = new TrafficStandings();
  readonly #resolver: Resolver;
  readonly #applier: Applier;
  readonly #outbox: Outbox;
  readonly #pacedResync: PacedResync;
  readonly #stream: StreamClient;
  readonly #questions: Questions;
  readonly #recent = new RecentRequests();
  readonly #accessLog: AccessLog;
  readonly #counts: ControlCounts;
  readonly #overload: NodeOverload;
  readonly #meter = new ProcessMeter();
  /** Until there is something to serve. */
  readonly first: FirstPlan;
  readonly #revocation: Revocation;
  #intake = new PlanIntake(null);
  #stored: NodePlan | null = null;
  readonly #machine: MachineWatch | null;
  readonly #floods: FloodWatch;
  #draining = false;
  /** Another process takes over: no plan is taken in any more. */
  #frozen = false;

  constructor(options: NodeAgentOptions) {
    const { home, engine, clock, random, log } = options;
    this.#options = options;
    this.first = new FirstPlan(clock);
    this.#log = log;
    this.#healthLog = new HealthLog(log);
    this.#counts = options.counts;
    this.#overload = new NodeOverload(engine, log);
    this.#store = new PlanStore({ path: home.planFile, clock, log });
    this.#checker = new HealthChecker({
      clock,
      watch: options.watch,
      known: this.#known,
      onChange: (change) => this.#onHealth(change),
    });
    this.#resolver = new Resolver(this.#checker, options.zone);
    this.#applier = new Applier({
      engine: options.datapath ?? engine,
      resolver: this.#resolver,
      clock,
      log,
      onApplied: (applied, plan) => this.#onApplied(applied, plan),
      onAttempt: (duration, succeeded) => this.#counts.applied(duration, succeeded),
    });
    this.#machine = options.datapath === undefined ? null : new MachineWatch(options.datapath, this.#applier, options);
    this.#floods = watchFloods(options, () => this.#stream.send(this.#heartbeat()));
    this.#revocation = new Revocation({ ...options, letGo: () => this.#serve(planOf(0, [])) });
    this.#stream = new StreamClient({
      urls: options.controlUrls,
      readCredential: () => options.membership.credential(),
      onAdmission: (isAdmitted) => options.membership.admitted(isAdmitted),
      onRevoked: () => this.#frozen || this.#revocation.told(),
      clock,
      random,
      log,
      hello: () => helloOf(options, this.#intake.plan),
      heartbeat: () => this.#heartbeat(),
      onOpen: (local) => this.#onOpen(local),
      onFrame: (frame) => this.#onFrame(frame),
      onUnreachable: (missing) => this.first.unreachable(missing),
      onWritable: () => this.#outbox.flush(),
    });
    options.membership.sendBy((message) => this.#stream.send(message));
    this.#outbox = new Outbox({
      clock,
      send: (message) => this.#stream.send(message),
      report: () => this.#report(),
    });
    this.#pacedResync = new PacedResync(clock, () => this.#outbox.resync());
    this.#questions = new Questions(
      {
        requests: ({ requestId }) => this.#recent.find(requestId),
        'recent-requests': (question) => this.#recent.newest(question),
        explain: (question) => explainOn(this.#explaining(), question),
        ...trafficAnswerers(engine, options.datapath, () => this.#resolver.plan),
        ...healthAnswerers(this.#checker),
        retry: ({ listenerIds }) => this.#applier.retry(listenerIds),
      },
      (answer) => this.#stream.send(answer),
    );
    this.#accessLog = openAccessLog(options, this.#recent, () => this.#resolver.plan);
  }

  /**
   * Serves the plan on disk, then turns to the control plane. Resolves when the node serves what it can: the plan on disk
   * or the first from the control plane, or nothing when there is neither, as `first` says then.
   */
  async start(): Promise<void> {
    await this.load([], RESTART_PATIENCE);
    await this.connect();
  }

  /**
   * Brings the plan on disk to the engine. `health`: what another process knows of the targets; `patience`: milliseconds
   * that block lists have before it. Resolves with its version.
   */
  async load(health: readonly ReportedHealth[], patience = UPGRADE_PATIENCE): Promise<number> {
    const { clock, datapath } = this.#options;
    this.#known.learn(datapath?.knownHealth(clock.wallTime()) ?? []);
    this.#known.learn(health);
    this.#accessLog.start();
    const [plan] = await Promise.all([this.#store.load(), this.#options.blockLists?.load(patience)]);
    if (plan !== null) {
      this.#log.info({ version: plan.version, entries: plan.entries.size }, 'serving the plan on disk');
      this.#stored = plan;
      this.#serve(plan);
      await this.#applier.settled();
    }
    this.#machine?.start();
    return plan?.version ?? 0;
  }

  /** Turns to the control plane; resolves as `start` does. */
  async connect(): Promise<void> {
    // What is in force tells the control plane what to send.
    await this.#options.blockLists?.settled();
    this.first.asked();
    if (!this.#draining) this.#stream.start();
    await this.first.settled;
    this.#options.datapath?.forgetOthers();
  }

  health(): NodeHealth {
    const offline = this.#revocation.isRevoked ? 'revoked' : 'unreachable';
    const { waitsFor } = this.first;
    const has = waitsFor === null ? ('serving' as const) : ('waiting' as const);
    return {
      status: this.#draining || this.#revocation.hasLetGo ? 'draining' : has,
      planVersion: this.#applier.applied.version,
      controlPlane: this.#stream.isOpen ? 'connected' : offline,
      ...(waitsFor && { waitsFor }),
    };
  }

  async snapshot(): Promise<Snapshot> {
    const { engine, nodeId, zone, version } = this.#options;
    return {
      process: await this.#meter.read(),
      node: { name: nodeId, zone, version, reactor: engine.reactor },
      ...nodeCounters(engine, this.#options.datapath),
      sockets: engine.sockets,
      sharing: this.#options.zoneMembership?.counts() ?? null,
      floods: this.#floods.counts(),
      plan: this.#resolver.plan,
      applied: this.#applier.applied,
      storedVersion: this.#store.savedVersion,
      storeFailures: this.#store.failures,
      health: this.#report(),
      ejections: this.#standings.ejections(),
      refusedRetries: engine.refusedRetries(),
      healthTurns: [...this.#checker.turns()],
      probes: this.#options.probes,
      stream: this.#stream,
      accessLog: this.#accessLog,
      control: this.#counts,
    };
  }

  /** Told by the engine, by each worker for itself. */
  certificateFailed(failure: CertificateFailure): void {
    if (!this.#applier.certificateFailed(failure)) return;
    this.#counts.certificateFailures++;
    const { listenerId, detail } = failure;
    this.#log.error({ listenerId, detail }, 'a certificate cannot be used; handshakes for its name are refused');
  }

  /** Told by the engine: a target stands in another way with the traffic. */
  standingChanged(standing: TargetStanding): void {
    const turn = this.#standings.take(standing);
    const health = this.#checker.reportOf(standing.serviceId, standing.targetId);
    if (health !== undefined) this.#outbox.changed(this.#standings.join(health));
    this.#healthLog.standing(standing, turn);
    if (this.#standings.turnsOpen(standing)) this.#healthLog.failOpen(standing);
  }

  /** Whether health checks have come to a conclusion about all targets. */
  get isJudged(): boolean {
    return this.#checker.isJudged;
  }

  /** How this node stands with others of its zone is another: the control plane is told at once. */
  sharingChanged(): void {
    this.#stream.send(this.#heartbeat());
  }

  #heartbeat() {
    return heartbeatOf(this.#options, this.#overload.read(), this.#floods.flooded());
  }

  reopenAccessLog(): void {
    this.#accessLog.reopen();
  }

  /** Takes no plan in any more and writes none; resolves with what is known of the targets. */
  async freeze(): Promise<readonly ReportedHealth[]> {
    this.#frozen = true;
    await this.#applier.settled();
    // Two processes that change the same tables would undo each other's work.
    await this.#options.datapath?.handOff();
    await Promise.all([this.#store.flush(), this.#options.blockLists?.flush()]);
    return [...this.#checker.report()];
  }

  /** Goes on as before `freeze`; resolves when the kernel's part of it is as this process wants it. */
  async thaw(): Promise<void> {
    this.#frozen = false;
    this.#applier.touchListeners(this.#options.datapath?.takeBack() ?? []);
    // Whatever has come meanwhile was passed over.
    this.#stream.reopen('the upgrade of this node was called off');
    await this.#applier.settled();
  }

  /** Another process serves in place of this one: ends what runs within `drain` milliseconds, and is gone. */
  async retire(drain: number): Promise<void> {
    this.#frozen = true;
    this.#draining = true;
    await this.#options.datapath?.handOff();
    await this.#end(() => this.#options.engine.retire(drain));
  }

  /**
   * Lets requests in flight finish for at most `drain` milliseconds, writes what is left to write, and is gone. With
   * `clearsKernel` the kernel balances nothing afterwards; without, it goes on for the next agent.
   */
  async stop(drain: number, clearsKernel: boolean): Promise<void> {
    this.#draining = true;
    if (clearsKernel) await this.#options.zoneMembership?.leave(drain);
    else await this.#options.datapath?.handOff();
    await this.#end(async () => {
      await this.#options.engine.stop(drain);
      if (clearsKernel) await this.#options.datapath?.tearDown();
    });
  }

  async #end(carryOff: () => Promise<void>): Promise<void> {
    const { clock } = this.#options;
    this.first.stop();
    this.#applier.stop();
    const probing = this.#checker.stop();
    this.#outbox.stop();
    this.#pacedResync.stop();
    this.#machine?.stop();
    this.#floods.stop();
    this.#stream.stop();
    this.#options.membership.stop();
    await carryOff();
    const disk = [this.#accessLog.stop(LAST_WRITES), this.#frozen || this.#store.flush()];
    await within(clock, LAST_WRITES, Promise.all([this.#applier.settled(), probing, ...disk]));
    this.#meter.stop();
  }

  #explaining(): ExplainingNode {
    const { engine, datapath } = this.#options;
    const { version: generation } = this.#applier.applied;
    const health = Array.from(this.#checker.report(), (known) => this.#standings.join(known));
    const sight = datapath?.kernel?.sight ?? null;
    return { engine, plan: this.#resolver.plan, generation, health, sight };
  }

  /** All targets, as health checks and traffic have them. */
  #report(): ReportedHealth[] {
    this.#standings.reset(this.#options.engine.standings());
    return Array.from(this.#checker.report(), (health) => this.#standings.join(health));
  }

  #onOpen(localAddress: string): void {
    this.#intake.begin();
    this.#outbox.begin();
    this.#options.zoneMembership?.connected(localAddress);
    this.sharingChanged();
    this.first.connected();
  }

  #onFrame(frame: string): void {
    if (this.#frozen) return;
    const parsed = parseToAgent(frame);
    this.#counts.message(parsed.kind === 'message' ? parsed.message.type : parsed.kind);
    switch (parsed.kind) {
      case 'unknown':
        this.#log.debug({ type: parsed.type }, 'a message of an unknown type is passed over');
        return;
      case 'invalid':
        this.#intake.refuse(parsed.problem);
        this.#resync(parsed.problem);
        return;
      case 'query':
        void this.#questions.take(parsed.query);
        return;
      case 'block-list':
        void this.#options.blockLists?.receive(
          parsed.message,
          () => this.#stream.send({ type: 'blocked' }),
          (reason) => this.#stream.reopen(reason),
        );
        return;
      case 'peers':
        this.#options.zoneMembership?.setPeers(parsed.peers);
        return;
      case 'membership':
        if (parsed.message.type === 'zone-keys') this.#options.zoneMembership?.setKeys(parsed.message.keys);
        else void this.#options.membership.take(parsed.message);
        return;
      case 'message': {
        this.#revocation.lifted();
        const outcome = this.#intake.take(parsed.message, parsed.faults);
        for (const fault of parsed.faults.values()) this.#log.error({ fault }, 'an entry of the plan cannot be run');
        if (outcome.kind === 'plan') this.#applier.setPlan(outcome.plan, outcome.refused);
        else if (outcome.kind === 'resync') this.#resync(outcome.problem);
        return;
      }
    }
  }

  #serve(plan: NodePlan): void {
    this.#intake = new PlanIntake(plan);
    this.#applier.setPlan(plan);
  }

  #resync(problem: string): void {
    this.#counts.resyncs++;
    this.#log.warn({ problem, planVersion: this.#intake.plan.version }, 'asking the control plane for the whole plan');
    this.#pacedResync.request();
  }

  #onApplied(applied: Applied, plan: NodePlan): void {
    const { version, refused } = applied;
    if (refused.length === 0) this.#log.debug({ version }, 'the plan is applied');
    else this.#log.warn({ version, refused }, 'the plan is applied, but for listeners that this node cannot run');
    this.#outbox.applied(applied);
    if (plan !== this.#stored) this.#store.save(plan);
    this.#stored = plan;
    this.first.applied();
  }

  #onHealth(change: HealthChange): void {
    const { serviceId, targetId, before, after, flapping } = change;
    const { kind: state, reason, since } = after;
    this.#outbox.changed(this.#standings.join({ serviceId, targetId, state, reason, since, flapping }));
    this.#healthLog.change(change);
    if (before !== null && isEligible(before) !== isEligible(after)) this.#applier.touchService(serviceId);
  }
}
