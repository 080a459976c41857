import { STANDARD_TARGET_LIMITS } from '@evenkeel/model/plan/balancing.ts';
import { transportsOf } from '@evenkeel/model/plan/network.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { resilienceOf } from '@evenkeel/model/plan/resilience.ts';
import type { RefusedListener } from '@evenkeel/model/plan/stream.ts';
import { DatagramListening } from '../datagrams/listening.ts';
import { Rebalancer } from '../rebalance/rebalancer.ts';
import { RetryPolicy } from '../retry/policy.ts';
import { RuleSets } from '../rules/rule-sets.ts';
import { finish } from '../rules/steps.ts';
import { watchOver } from '../standing/worker-standing.ts';
import { stickyService } from '../stickiness/sticky-service.ts';
import { TlsError } from '../tls/ffi/errors.ts';
import type { CertificateFailure, ListenerTls } from '../tls/listener-tls.ts';
import { WorkerTls } from '../tls/worker-tls.ts';
import { MOST_KEPT } from '../upstream/kept-connections.ts';
import { Relief } from '../upstream/relief.ts';
import { Service } from '../upstream/service.ts';
import { ServiceQueue } from '../upstream/service-queue.ts';
import type { Target } from '../upstream/target.ts';
import { accepting } from './accepting.ts';
import type { WorkerContext } from './context.ts';
import { Gates } from './gates.ts';
import { LeavingListeners } from './leaving-listeners.ts';
import { LeavingTargets } from './leaving-targets.ts';
import { Listener } from './listener.ts';
import { ListeningSockets } from './listening.ts';
import { LoadBalancers } from './load-balancers.ts';
import type {
  WorkerChange,
  WorkerListenerChange,
  WorkerService,
  WorkerSharedEntry,
  WorkerSockets,
} from './messages.ts';
import { namedServices } from './named-services.ts';
import { Pacers } from './pacers.ts';
import { ListenerPlaces } from './places.ts';
import { targetsOf } from './service-targets.ts';
import { datagramPlacesOf, EVERYTHING, placesOf, type Shares } from './shares.ts';
import { Turns } from './turns.ts';
import type { WorkerRows } from './worker-rows.ts';

/** Before sockets that could not be accepted from are tried again, in milliseconds. */
const SHARES_RETRY = 100;

/** What requests in flight and idle clients get when the time for retiring is over, in milliseconds. */
const LAST_WORDS = 500;

/** How long a client may send the next request on its connection when the worker stops, in milliseconds. */
const LAST_REQUESTS = 500;

/** How often a draining worker looks whether it is done, in milliseconds. */
const DRAIN_POLL = 20;

interface RunningListener {
  readonly listener: Listener;
  readonly places: ListenerPlaces;
  sockets: WorkerSockets | null;
}

/**
 * Everything that one worker runs: its listeners, services and the connections between them. Driven by `apply` and by
 * its reactor, on one thread; knows nothing of threads or plans.
 */
export class Proxy {
  readonly #worker: WorkerContext;
  readonly #rows: WorkerRows;
  #shares: Shares;
  /** Sockets are changed by one thing at a time. */
  readonly #turns = new Turns();
  readonly #listeners = new Map<string, RunningListener>();
  /** Rule groups, certificates and the like, by key. */
  readonly #shared = new Map<string, WorkerSharedEntry>();
  readonly #tls: WorkerTls;
  readonly #services = new Map<string, Service>();
  readonly #rules: RuleSets;
  readonly #relief: Relief;
  readonly #rebalancer: Rebalancer;
  /** By service id, so that a changed service finds its listeners without a search. */
  readonly #users = new Map<string, Set<Listener>>();
  readonly #draining: LeavingListeners;
  readonly #leaving: LeavingTargets;
  readonly #pacers: Pacers;
  readonly #loadBalancers: LoadBalancers;
  readonly #gates = new Gates((id) => this.#shared.get(`security-group/${id}`));

  /** `onCertificateFailure` hears of certificates that turn out to be no good when they are first asked for. */
  constructor(
    worker: WorkerContext,
    rows: WorkerRows,
    shares = EVERYTHING,
    onCertificateFailure?: (failure: CertificateFailure) => void,
  ) {
    this.#worker = worker;
    this.#rows = rows;
    this.#loadBalancers = new LoadBalancers(rows);
    this.#rules = new RuleSets(rows.rules);
    this.#pacers = new Pacers(worker, rows.index);
    this.#relief = new Relief(worker.reactor, rows.wanted);
    this.#rebalancer = new Rebalancer(worker.reactor);
    this.#draining = new LeavingListeners(worker.reactor);
    this.#leaving = new LeavingTargets(worker.reactor, (target) => this.#cutFrom(target));
    this.#shares = shares;
    this.#tls = new WorkerTls(worker.reactor, this.#shared, onCertificateFailure);
  }

  /**
   * Applies a change; calls back with the listeners of it that are refused. A listener keeps its protocol and port; one
   * with others has been removed before.
   */
  apply(change: WorkerChange, done: (refused: readonly RefusedListener[]) => void): void {
    this.#turns.take((over) => {
      this.#apply(change, (refused) => {
        done(refused);
        over();
      });
    });
  }

  #apply(change: WorkerChange, done: (refused: readonly RefusedListener[]) => void): void {
    const compiling = this.#rules.compileAll(change.shared);
    // Rules take effect with all that changes along with them.
    const follow = (settings: readonly (() => void)[]): void => {
      for (const set of settings) set();
      this.#follow(change, done);
    };
    // Nobody waits for a worker that does not listen yet.
    if (this.#listeners.size === 0) follow(finish(compiling));
    else this.#worker.slices.run(compiling, follow);
  }

  #follow(change: WorkerChange, done: (refused: readonly RefusedListener[]) => void): void {
    for (const { entry } of change.shared) if (entry !== null) this.#setShared(entry);
    for (const list of change.blockLists) this.#gates.block(list);
    for (const { id, service } of change.services) if (service !== null) this.#setService(id, service);
    const refused: RefusedListener[] = [];
    let pending = 1;
    const answered = (refusal: RefusedListener | null): void => {
      if (refusal !== null) refused.push(refusal);
      pending--;
      if (pending > 0) return;
      for (const { id, service } of change.services) if (service === null) this.#removeService(id);
      for (const { key, entry } of change.shared) if (entry === null) this.#removeShared(key);
      done(refused);
    };
    // What goes comes first, so that its addresses are free for what comes.
    for (const { id, planned } of change.listeners) if (planned === null) this.#removeListener(id);
    for (const listenerChange of change.listeners) {
      if (listenerChange.planned === null) continue;
      pending++;
      this.#setListener(listenerChange, listenerChange.planned, answered);
    }
    answered(null);
  }

  #setShared(entry: WorkerSharedEntry): void {
    this.#shared.set(entry.key, entry);
    if (entry.kind === 'ticket-keys') this.#tls.followTicketKeys();
    else if (entry.kind === 'security-group') this.#gates.changed(entry.value.id);
    else if (entry.kind === 'authority') {
      for (const service of this.#services.values()) service.tls = this.#tls.forService(service.planned, service.tls);
    }
  }

  #removeShared(key: string): void {
    const entry = this.#shared.get(key);
    this.#shared.delete(key);
    if (entry?.kind === 'rule-group') this.#rules.remove(entry.value.id);
  }

  /** Accepts from these shares of the sockets from now on. */
  accept(mine: readonly number[]): void {
    this.#turns.take((over) => {
      this.#shares = { ...this.#shares, mine };
      this.#followShares(over);
    });
  }

  #followShares(done: () => void): void {
    let failed = false;
    let pending = this.#listeners.size;
    if (pending === 0) done();
    for (const { listener, places, sockets } of this.#listeners.values()) {
      const { planned } = listener;
      places.set(placesOf(planned, sockets, this.#shares), datagramPlacesOf(planned, this.#shares), (refused) => {
        failed ||= refused !== null;
        pending--;
        if (pending > 0) return;
        // For want of descriptors; some will be free again.
        if (failed) this.#worker.reactor.setTimer(SHARES_RETRY, () => this.accept(this.#shares.mine));
        done();
      });
    }
  }

  /**
   * Another process accepts from now on. Nothing is closed before its time: a client that asks again on its connection
   * is told with the answer that it is the last one. What is left after `milliseconds` is cut; then calls back.
   */
  retire(milliseconds: number, done: () => void): void {
    this.accept([]);
    this.#takeLastRequests(milliseconds, (empty) => this.#turns.take(() => this.#end(empty ? 0 : LAST_WORDS, done)));
  }

  /**
   * Stops listening, lets what runs end for at most `milliseconds`, then cuts it; calls back when nothing is left. A
   * client whose request is on its way gets its answer: closing under it would fail the request.
   */
  stop(milliseconds: number, done: () => void): void {
    const deadline = this.#worker.reactor.now + milliseconds;
    this.#turns.take(() => {
      for (const { places } of this.#listeners.values()) places.close();
      this.#takeLastRequests(Math.min(milliseconds / 2, LAST_REQUESTS), () => {
        this.#end(deadline - this.#worker.reactor.now, done);
      });
    });
  }

  /** Clients are told with the next answer that it is the last one; calls back when all have gone, or the time has. */
  #takeLastRequests(milliseconds: number, done: (empty: boolean) => void): void {
    for (const { listener } of this.#listeners.values()) listener.closing = true;
    const { reactor } = this.#worker;
    const deadline = reactor.now + milliseconds;
    const look = (): void => {
      const empty = this.#draining.empty && [...this.#listeners.values()].every(({ listener }) => listener.empty);
      if (!empty && reactor.now < deadline) reactor.setTimer(DRAIN_POLL, look);
      else done(empty);
    };
    look();
  }

  #end(milliseconds: number, done: () => void): void {
    const { reactor } = this.#worker;
    const deadline = reactor.now + milliseconds;
    for (const id of [...this.#listeners.keys()]) this.#removeListener(id);
    const look = (): void => {
      if (this.#draining.empty) {
        for (const id of [...this.#services.keys()]) this.#removeService(id);
        for (const part of [this.#leaving, this.#relief, this.#rebalancer, this.#worker.mirrors]) part.stop();
        done();
        return;
      }
      if (reactor.now >= deadline) this.#draining.cut();
      reactor.setTimer(DRAIN_POLL, look);
    };
    look();
  }

  #setListener(
    change: WorkerListenerChange,
    planned: PlannedListener,
    answered: (refused: RefusedListener | null) => void,
  ): void {
    const { id } = change;
    const fault = this.#rules.faultOf(planned.ruleGroupId);
    if (fault !== '') {
      answered({ listenerId: id, code: 'failed', detail: fault });
      return;
    }
    let tls: ListenerTls | null = null;
    try {
      if (planned.tls !== null) tls = this.#tls.forListener(planned, this.#listeners.get(id)?.listener.tls ?? null);
    } catch (error) {
      if (!(error instanceof TlsError)) throw error;
      answered({ listenerId: id, code: 'failed', detail: error.message });
      return;
    }
    this.#openListener(change, planned, tls, answered);
  }

  /** `tls`: for listeners of protocol `https` and `tls`. */
  #openListener(
    change: WorkerListenerChange,
    planned: PlannedListener,
    tls: ListenerTls | null,
    answered: (refused: RefusedListener | null) => void,
  ): void {
    const { id, sockets, loadBalancerSlot } = change;
    const known = this.#listeners.get(id);
    const running = known ?? this.#newListener(planned, change.slot);
    const { listener, places } = running;
    // A new listener has its service and TLS before its sockets, as the first connection may come at once.
    if (known === undefined) {
      listener.tls = tls;
      this.#gates.set(listener);
      this.#pacers.set(listener, change.bandwidth);
      this.#loadBalancers.set(listener, loadBalancerSlot);
      this.#joinService(listener);
    }
    places.set(placesOf(planned, sockets, this.#shares), datagramPlacesOf(planned, this.#shares), (refused) => {
      if (refused === null) {
        this.#leaveService(listener);
        listener.follow(planned);
        this.#gates.set(listener);
        this.#pacers.set(listener, change.bandwidth);
        this.#loadBalancers.set(listener, loadBalancerSlot);
        if (listener.tls !== tls) listener.tls?.free();
        listener.tls = tls;
        this.#joinService(listener);
        running.sockets = sockets;
        this.#listeners.set(id, running);
      } else if (known === undefined) {
        for (const knowing of [this.#gates, this.#pacers, this.#loadBalancers]) knowing.forget(listener);
        this.#leaveService(listener);
        listener.drain();
        tls?.free();
      } else if (listener.tls !== tls) tls?.free();
      answered(refused);
    });
  }

  #newListener(planned: PlannedListener, slot: number): RunningListener {
    const listener = new Listener(planned, null, this.#rows.listener(slot), this.#rows.limits(slot));
    const streams = new ListeningSockets(
      this.#worker.reactor,
      planned.id,
      accepting(this.#worker, this.#tls, listener),
    );
    const datagrams = transportsOf(planned).udp ? new DatagramListening(this.#worker, listener) : null;
    return { listener, places: new ListenerPlaces(streams, datagrams), sockets: null };
  }

  #removeListener(id: string): void {
    const running = this.#listeners.get(id);
    if (running === undefined) return;
    const { listener, places } = running;
    this.#listeners.delete(id);
    for (const knowing of [this.#gates, this.#pacers, this.#loadBalancers]) knowing.forget(listener);
    places.close();
    listener.tls?.free();
    const drain = listener.service?.planned.drainTimeout;
    this.#leaveService(listener);
    listener.drain();
    this.#draining.add(listener, drain);
  }

  #joinService(listener: Listener): void {
    const id = listener.planned.serviceId;
    listener.service = id === null ? null : (this.#services.get(id) ?? null);
    listener.serverNames = namedServices(listener.planned, this.#services);
    this.#rules.join(listener);
    if (id === null) return;
    const users = this.#users.get(id);
    if (users === undefined) this.#users.set(id, new Set([listener]));
    else users.add(listener);
  }

  #leaveService(listener: Listener): void {
    this.#rules.leave(listener);
    const id = listener.planned.serviceId;
    if (id === null) return;
    const users = this.#users.get(id);
    users?.delete(listener);
    if (users?.size === 0) this.#users.delete(id);
  }

  #setService(id: string, next: WorkerService): void {
    const old = this.#services.get(id);
    const before = new Map(old?.targets.map((target) => [target.id, target]));
    const targets = targetsOf(id, next, before, this.#rows);
    const limits = next.planned.targetLimits ?? STANDARD_TARGET_LIMITS;
    const queue = old?.queue ?? new ServiceQueue(this.#worker.reactor, next.queue, this.#rows.index);
    // What other workers keep can fill a low limit; a high one is beyond what all of them keep.
    const relief = limits.maxConnections <= MOST_KEPT * next.queue.since.length ? this.#relief : null;
    const latencies = next.planned.algorithm === 'peak-ewma' ? next.table.latencies : null;
    this.#leaving.cutFailed(next, targets);
    for (const [i, target] of targets.entries()) {
      target.follow(limits, queue, relief, latencies);
      target.isUp = next.targets[i]!.isUp;
      target.watch = watchOver(next, target.slot, target.cells);
    }
    const sticky = next.planned.stickiness === null ? null : stickyService(next, old ?? null, this.#worker);
    const tls = this.#tls.forService(next.planned, old?.tls ?? null);
    const retry = new RetryPolicy(resilienceOf(next.planned).retry, next.retries);
    const service = new Service(next.planned, targets, next.table, sticky, tls, retry, this.#worker.reactor, queue);
    this.#services.set(id, service);
    this.#rebalancer.set(id, service, next.pace);
    this.#rules.setService(id, service);
    for (const listener of this.#users.get(id) ?? []) listener.service = service;
    for (const target of before.values()) this.#leaving.add(target, next.planned.drainTimeout);
  }

  #removeService(id: string): void {
    const service = this.#services.get(id);
    if (service === undefined) return;
    this.#services.delete(id);
    this.#rebalancer.set(id, null, null);
    this.#rules.setService(id, null);
    for (const listener of this.#users.get(id) ?? []) listener.service = null;
    for (const target of service.targets) this.#leaving.add(target, service.planned.drainTimeout);
  }

  #cutFrom(target: Target): void {
    for (const { listener } of this.#listeners.values()) listener.cutFrom(target);
    this.#draining.cutFrom(target);
    this.#worker.mirrors.cutFrom(target);
  }
}
