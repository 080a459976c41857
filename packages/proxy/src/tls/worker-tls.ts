import type { PlannedListener, PlannedService } from '@evenkeel/model/plan/objects.ts';
import type { PlannedAuthority } from '@evenkeel/model/plan/tls.ts';
import type { Reactor } from '../reactor/reactor.ts';
import type { WorkerSharedEntry } from '../worker/messages.ts';
import { ParsedAuthority } from './authority.ts';
import { ParsedCertificate } from './certificate.ts';
import { ContextCache } from './context-cache.ts';
import { TlsError } from './ffi/errors.ts';
import { TlsLibrary } from './library.ts';
import { ListenerTls, type TlsObjects } from './listener-tls.ts';
import type { PackedCertificate } from './packed-certificate.ts';
import { TargetTls } from './target-tls.ts';

/** Certificates that are checked before other work has its turn: 0.1 to 0.2 ms each. */
const SLICE = 32;
/** The same while there is no connection that would have to wait. */
const IDLE_SLICE = 512;

/** The TLS of one worker: turns what plans say of it into what connections are made from. */
export class WorkerTls implements TlsObjects {
  readonly #reactor: Reactor;
  readonly #shared: ReadonlyMap<string, WorkerSharedEntry>;
  readonly #cache = new ContextCache();
  /** Certificates that OpenSSL takes. */
  readonly #valid = new WeakSet<PackedCertificate>();
  readonly #authorities = new WeakMap<PlannedAuthority, ParsedAuthority>();
  #library: TlsLibrary | null = null;

  /** `shared`: the worker's shared entries by key, as they are now. */
  constructor(reactor: Reactor, shared: ReadonlyMap<string, WorkerSharedEntry>) {
    this.#reactor = reactor;
    this.#shared = shared;
  }

  /** Made when TLS is first needed. */
  get library(): TlsLibrary {
    if (this.#library === null) {
      this.#library = new TlsLibrary(this.#reactor.arena);
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

  /**
   * Prepares the TLS of a listener, in slices, and calls back with it, or with why there can be none. `old`, what the
   * listener has now, is used again when nothing about it has changed.
   */
  forListener(planned: PlannedListener, old: ListenerTls | null, done: (result: ListenerTls | TlsError) => void): void {
    const { tls } = planned;
    if (tls === null) {
      done(new TlsError(`a listener of protocol ${planned.protocol} needs TLS settings`));
      return;
    }
    const finish = (): ListenerTls => {
      if (old?.isStillGood(planned, this) === true) return old;
      return new ListenerTls(this.library, this.#cache, planned, tls, this);
    };
    const ids = new Set([...tls.defaultCertificates, ...tls.certificates.map(({ certificateId }) => certificateId)]);
    const waiting = [...ids].map((id) => this.certificate(id)).filter((known) => known !== undefined);
    let at = 0;
    const check = (): void => {
      const end = at + (this.#reactor.open === 0 ? IDLE_SLICE : SLICE);
      let outcome: ListenerTls | TlsError;
      try {
        while (at < waiting.length && at < end) this.#check(waiting[at++]!);
        if (at < waiting.length) {
          this.#reactor.setTimer(0, check);
          return;
        }
        outcome = finish();
      } catch (error) {
        if (!(error instanceof TlsError)) throw error;
        outcome = error;
      }
      done(outcome);
    };
    check();
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

  #check(certificate: PackedCertificate): void {
    if (this.#valid.has(certificate)) return;
    ParsedCertificate.parse(certificate, this.library.memory).free();
    this.#valid.add(certificate);
  }
}
