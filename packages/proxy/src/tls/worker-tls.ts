import type { PlannedListener, PlannedService } from '@evenkeel/model/plan/objects.ts';
import type { PlannedAuthority } from '@evenkeel/model/plan/tls.ts';
import type { Reactor } from '../reactor/reactor.ts';
import type { WorkerSharedEntry } from '../worker/messages.ts';
import { ParsedAuthority } from './authority.ts';
import { ContextCache } from './context-cache.ts';
import { TlsError } from './ffi/errors.ts';
import { TlsLibrary } from './library.ts';
import { type CertificateFailure, ListenerTls, type TlsObjects } from './listener-tls.ts';
import type { PackedCertificate } from './packed-certificate.ts';
import { TargetTls } from './target-tls.ts';

/** The TLS of one worker: turns what plans say of it into what connections are made from. */
export class WorkerTls implements TlsObjects {
  readonly #reactor: Reactor;
  readonly #shared: ReadonlyMap<string, WorkerSharedEntry>;
  readonly #onFailure: (failure: CertificateFailure) => void;
  readonly #cache = new ContextCache();
  readonly #authorities = new WeakMap<PlannedAuthority, ParsedAuthority>();
  #library: TlsLibrary | null = null;

  /** `shared`: the worker's shared entries by key, as they are now. `onFailure` hears of certificates that are no good. */
  constructor(
    reactor: Reactor,
    shared: ReadonlyMap<string, WorkerSharedEntry>,
    onFailure: (failure: CertificateFailure) => void = () => undefined,
  ) {
    this.#reactor = reactor;
    this.#shared = shared;
    this.#onFailure = onFailure;
  }

  /** Made when TLS is first needed. */
  get library(): TlsLibrary {
    if (this.#library === null) {
      this.#library = new TlsLibrary(this.#reactor.arena, () => this.#reactor.wallTime);
      this.followTicketKeys();
    }
    return this.#library;
  }

  certificate(id: string): PackedCertificate | undefined {
    const entry = this.#shared.get(`certificate/${id}`);
    return entry?.kind === 'certificate' ? entry.value : undefined;
  }

  authority(id: string): ParsedAuthority {
    const entry = this.#shared.get(`authority/${id}`);
    if (entry?.kind !== 'authority') throw new TlsError(`authority ${id} is not in the plan`);
    const known = this.#authorities.get(entry.value);
    if (known !== undefined) return known;
    const parsed = ParsedAuthority.parse(entry.value, this.library.memory);
    this.#authorities.set(entry.value, parsed);
    return parsed;
  }

  /** The plan's ticket keys have changed, perhaps. */
  followTicketKeys(): void {
    const entry = this.#shared.get('ticket-keys/current');
    this.#library?.ticketKeys.set(entry?.kind === 'ticket-keys' ? entry.value : null);
  }

  certificatesFailed(failure: CertificateFailure): void {
    this.#onFailure(failure);
  }

  /**
   * The TLS of a listener; throws TlsError, saying why there can be none. `old`, what the listener has now, is used again
   * when nothing about it has changed. Only the default certificates are looked at: ten thousand others wait until
   * somebody asks for their names.
   */
  forListener(planned: PlannedListener, old: ListenerTls | null): ListenerTls {
    const { tls } = planned;
    if (tls === null) throw new TlsError(`a listener of protocol ${planned.protocol} needs TLS settings`);
    if (old?.isStillGood(planned, this) === true) return old;
    return new ListenerTls(this.library, this.#cache, planned, tls, this);
  }

  /** The TLS to the targets of a service; null: plain. `old`, what it had before, is used again if it is still good. */
  forService(planned: PlannedService, old: TargetTls | null): TargetTls | null {
    const { tls } = planned;
    if (tls === null) return null;
    let authority: ParsedAuthority | TlsError | null = null;
    try {
      if (tls.authorityId !== null) authority = this.authority(tls.authorityId);
    } catch (error) {
      if (!(error instanceof TlsError)) throw error;
      authority = error;
    }
    if (old?.isStillGood(tls, authority) === true) return old;
    return new TargetTls(this.library, tls, authority, planned.protocol === 'http');
  }
}
