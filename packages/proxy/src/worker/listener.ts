import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { SendPacer } from '../limits/bandwidth/send-pacer.ts';
import { ListenerLimits } from '../limits/listener-limits.ts';
import type { LoadBalancerLimits } from '../limits/load-balancer-limits.ts';
import type { SharedLimits } from '../limits/shared-limits.ts';
import type { SourceGate } from '../protection/source-gate.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { ListenerCell } from '../telemetry/cells.ts';
import type { ListenerTls } from '../tls/listener-tls.ts';
import type { ServerNames } from '../tls/server-names.ts';
import type { Service } from '../upstream/service.ts';
import type { Target } from '../upstream/target.ts';

/** A client connection as its listener keeps it: a link of a list, so that neither coming nor going costs a search. */
export interface Session {
  previous: Session | null;
  next: Session | null;
  /** The listener is going away: finish what runs, begin nothing. */
  drain(): void;
  /** The time for draining is over. */
  cut(): void;
  /** Like `cut`, if it is using this target. */
  cutFrom(target: Target): void;
}

/** Somebody who knows which service to use, now. */
export interface ServiceSource {
  readonly service: Service | null;
}

/** A listener as one worker uses it. `planned`, `service` and `rules` change with the plan; what runs keeps what it took. */
export class Listener implements ServiceSource {
  planned: PlannedListener;
  /** Those of `planned`. */
  limits: ListenerLimits;
  /** What the workers of the node count together. */
  readonly shared: SharedLimits;
  /** What it may take together with the other listeners of its load balancer; null: there is no limit. */
  together: LoadBalancerLimits | null = null;
  service: Service | null;
  /** What its requests are judged by; null: all go to the service. */
  rules: RuleSet | null = null;
  /** Of listeners of protocol `https` and `tls`; else null. */
  tls: ListenerTls | null = null;
  /** Services by the server name of the ClientHello, where TLS is passed through; else null. */
  serverNames: ServerNames<ServiceSource> | null = null;
  /** Who may connect; null: everybody. */
  gate: SourceGate | null = null;
  /** By which connections to clients send. */
  pacer: SendPacer | null = null;
  /** Counter row in shared memory, written by this worker alone. */
  readonly cells: Float64Array;
  /** Removed: sockets are closed, sessions drain. */
  closing = false;
  #first: Session | null = null;

  constructor(planned: PlannedListener, service: Service | null, cells: Float64Array, shared: SharedLimits) {
    this.planned = planned;
    this.limits = new ListenerLimits(planned);
    this.shared = shared;
    this.service = service;
    this.cells = cells;
  }

  /** The plan says something else of it. */
  follow(planned: PlannedListener): void {
    this.planned = planned;
    this.limits = new ListenerLimits(planned);
  }

  /** Takes a place for a connection; false: there is none. Each is given back by `leave`. */
  enter(): boolean {
    if (!this.shared.enter(this.limits.connections)) return false;
    this.cells[ListenerCell.places]!++;
    return true;
  }

  leave(): void {
    this.cells[ListenerCell.places]!--;
    this.shared.leave();
  }

  get empty(): boolean {
    return this.#first === null;
  }

  addSession(session: Session): void {
    session.next = this.#first;
    if (this.#first !== null) this.#first.previous = session;
    this.#first = session;
  }

  removeSession(session: Session): void {
    if (session.previous === null) this.#first = session.next;
    else session.previous.next = session.next;
    if (session.next !== null) session.next.previous = session.previous;
    session.previous = null;
    session.next = null;
  }

  drain(): void {
    this.closing = true;
    this.#each((session) => session.drain());
  }

  cut(): void {
    this.#each((session) => session.cut());
  }

  cutFrom(target: Target): void {
    this.#each((session) => session.cutFrom(target));
  }

  #each(act: (session: Session) => void): void {
    let session = this.#first;
    while (session !== null) {
      const next: Session | null = session.next;
      act(session);
      session = next;
    }
  }
}
