import { createHash } from 'node:crypto';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { PlannedTls } from '@evenkeel/model/plan/tls.ts';
import type { ParsedAuthority } from './authority.ts';
import { ParsedCertificate } from './certificate.ts';
import type { ClientHello } from './client-hello.ts';
import type { ContextCache } from './context-cache.ts';
import { TlsError } from './ffi/errors.ts';
import { KeyChoice } from './key-kinds.ts';
import type { TlsLibrary } from './library.ts';
import type { PackedCertificate, Staple } from './packed-certificate.ts';
import type { ContextChoice } from './secure-server.ts';
import { ServerContext, type ServerSettings } from './server-context.ts';
import { ServerNames } from './server-names.ts';

/** The certificates of one name. */
interface NameEntry {
  readonly certificates: PackedCertificate[];
  /** Of its context in the cache. */
  key: string;
  /** OpenSSL does not take them: nobody gets a context until the plan has others. */
  failed: boolean;
}

/** Certificates that OpenSSL did not take when a client first asked for their name. */
export interface CertificateFailure {
  readonly listenerId: string;
  /** One of them is at fault, or they do not go with the listener's settings. */
  readonly certificateIds: readonly string[];
  readonly detail: string;
}

/** What a listener's TLS is made of besides its own settings. */
export interface TlsObjects {
  certificate(id: string): PackedCertificate | undefined;
  /** Throws TlsError. */
  authority(id: string): ParsedAuthority;
  /** Told once for each name. */
  certificatesFailed(failure: CertificateFailure): void;
}

let last = 0;

/**
 * The TLS side of one listener as one plan has it: never changed, but replaced by another one when the listener, one of
 * its certificates or its authority changes. Contexts are built when a client first asks for a name, and forgotten when
 * they have not been used for long, so that a listener with ten thousand certificates is no more than an index at first.
 */
export class ListenerTls implements ContextChoice {
  readonly choosesHttp: boolean;
  readonly asksForCertificates: boolean;
  readonly #listenerId: string;
  readonly #objects: TlsObjects;
  readonly #library: TlsLibrary;
  readonly #cache: ContextCache;
  readonly #settings: ServerSettings;
  readonly #prefix = `${++last} `;
  readonly #default: NameEntry;
  readonly #certificates: readonly PackedCertificate[];
  readonly #signature: string;
  readonly #names = new ServerNames<NameEntry>();
  /** null: there is one certificate alone. */
  readonly #keys: KeyChoice | null;

  /** Throws TlsError when something is missing, or when OpenSSL refuses the settings or the default certificates. */
  constructor(
    library: TlsLibrary,
    cache: ContextCache,
    listener: PlannedListener,
    tls: PlannedTls,
    objects: TlsObjects,
  ) {
    this.#listenerId = listener.id;
    this.#objects = objects;
    this.#library = library;
    this.#cache = cache;
    const used = new Map<string, PackedCertificate>();
    const find = (id: string): PackedCertificate => {
      const certificate = used.get(id) ?? objects.certificate(id);
      if (certificate === undefined) throw new TlsError(`certificate ${id} is not in the plan`);
      used.set(id, certificate);
      return certificate;
    };
    if (tls.defaultCertificates.length === 0) throw new TlsError('there is no default certificate');
    this.#default = this.#entryOf(tls.defaultCertificates.map(find));
    for (const { name, certificateId } of tls.certificates) {
      const entry = this.#names.get(name);
      if (entry === undefined) this.#names.set(name, this.#entryOf([find(certificateId)]));
      else {
        entry.certificates.push(find(certificateId));
        entry.key = this.#keyOf(entry.certificates);
      }
    }
    this.#certificates = [...used.values()];
    this.#keys = used.size > 1 ? new KeyChoice(tls) : null;
    this.choosesHttp = listener.protocol === 'https';
    this.asksForCertificates = tls.clientCertificates !== null;
    const clients = tls.clientCertificates;
    const authority = clients === null ? null : objects.authority(clients.authorityId);
    this.#settings = {
      planned: tls,
      http: this.choosesHttp,
      authority,
      sessionScope: sessionScope(listener, tls, authority),
    };
    this.#signature = signatureOf(listener);
    this.#build(this.#default);
  }

  /** Whether a plan with this listener and these objects means the same. */
  isStillGood(listener: PlannedListener, objects: TlsObjects): boolean {
    const clients = listener.tls?.clientCertificates ?? null;
    for (const certificate of this.#certificates) {
      if (objects.certificate(certificate.id) !== certificate) return false;
    }
    if (clients !== null && objects.authority(clients.authorityId) !== this.#settings.authority) return false;
    return signatureOf(listener) === this.#signature;
  }

  /**
   * The best entry for the name, and where the client can use none of its certificates, the next best: a shorter wildcard,
   * and at last the default one. A client that can use none at all hears so from the best.
   */
  contextFor(hello: ClientHello): number {
    const { serverName } = hello;
    const best = (serverName === '' ? undefined : this.#names.find(serverName)) ?? this.#default;
    const context = this.#contextOf(best);
    if (context === null) return 0;
    if (this.#keys === null || best === this.#default) return context.address;
    const usable = this.#keys.usableBy(hello);
    if (usable === 0 || (usable & context.keyKinds) !== 0) return context.address;
    for (const entry of [...this.#names.all(serverName), this.#default]) {
      const other = entry === best ? null : this.#contextOf(entry);
      if (other !== null && (usable & other.keyKinds) !== 0) return other.address;
    }
    return this.#contextOf(best)?.address ?? 0;
  }

  /** null: OpenSSL does not take its certificates. */
  #contextOf(entry: NameEntry): ServerContext | null {
    const known = this.#cache.get(entry.key);
    if (known !== undefined) return known;
    if (entry.failed) return null;
    try {
      return this.#build(entry);
    } catch (error) {
      if (!(error instanceof TlsError)) throw error;
      entry.failed = true;
      const certificateIds = entry.certificates.map(({ id }) => id);
      this.#objects.certificatesFailed({ listenerId: this.#listenerId, certificateIds, detail: error.message });
      return null;
    }
  }

  /** Nobody will ask for a context any more; connections go on. */
  free(): void {
    this.#cache.deleteAll(this.#prefix);
  }

  #build(entry: NameEntry): ServerContext {
    const { memory } = this.#library;
    const parsed = new Map<string, ParsedCertificate>();
    const staples = new Map<number, Staple>();
    try {
      for (const planned of entry.certificates) {
        const certificate = ParsedCertificate.parse(planned, memory);
        parsed.set(planned.id, certificate);
        if (planned.staple !== null) staples.set(certificate.certificate, planned.staple);
      }
      const context = new ServerContext(this.#library, this.#settings, parsed, staples);
      this.#cache.set(entry.key, context);
      return context;
    } finally {
      // The context has its own counts of them.
      for (const certificate of parsed.values()) certificate.free();
    }
  }

  #entryOf(certificates: PackedCertificate[]): NameEntry {
    return { certificates, key: this.#keyOf(certificates), failed: false };
  }

  #keyOf(certificates: readonly PackedCertificate[]): string {
    return this.#prefix + certificates.map(({ id }) => id).join(' ');
  }
}

/**
 * Where a session may be taken up: on any node, but on the same load balancer only, so that nobody who shares the ticket
 * keys can pass for another's server; and only where clients are asked for the same certificates, as they are not asked
 * again.
 */
function sessionScope(listener: PlannedListener, tls: PlannedTls, authority: ParsedAuthority | null): Uint8Array {
  const parts = [listener.loadBalancerId, listener.protocol, tls.clientCertificates, authority?.planned ?? null];
  return createHash('sha256').update(JSON.stringify(parts)).digest();
}

/** The same for listeners whose TLS is the same, as far as they say it themselves. */
function signatureOf({ loadBalancerId, protocol, tls }: PlannedListener): string {
  return createHash('sha256')
    .update(JSON.stringify([loadBalancerId, protocol, tls]))
    .digest('base64');
}
