import type { PlannedAuthority, PlannedTargetTls } from '@evenkeel/model/plan/tls.ts';
import type { Arena } from '@evenkeel/proxy/reactor/arena.ts';
import { Mapping } from '@evenkeel/proxy/reactor/ffi/mapping.ts';
import { ParsedAuthority } from '@evenkeel/proxy/tls/authority.ts';
import { TlsError } from '@evenkeel/proxy/tls/ffi/errors.ts';
import { SSL_CTX_set_alpn_protos } from '@evenkeel/proxy/tls/ffi/openssl.ts';
import { TlsLibrary } from '@evenkeel/proxy/tls/library.ts';
import { TargetTls } from '@evenkeel/proxy/tls/target-tls.ts';
import type { ProbeScript } from './script.ts';

/** The protocol list of a client that speaks HTTP/2 alone (RFC 7301 section 3.1). */
const H2 = Buffer.from('\x02h2', 'latin1');

/** TLS of probes: the library and the contexts, made when they are first needed; authorities as the plan has them. */
export class ProbeTls {
  readonly #arena: Arena;
  readonly #planned = new Map<string, PlannedAuthority>();
  readonly #authorities = new Map<string, ParsedAuthority | TlsError>();
  readonly #settings = new Map<string, TargetTls>();
  #library: TlsLibrary | null = null;
  #h2: Mapping | null = null;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** The authority is another now; null: it is gone. */
  setAuthority(id: string, planned: PlannedAuthority | null): void {
    if (planned === null) this.#planned.delete(id);
    else this.#planned.set(id, planned);
    this.#authorities.delete(id);
    for (const [key, { planned: settings }] of this.#settings) {
      if (settings.authorityId === id) this.#settings.delete(key);
    }
  }

  /** How TLS is spoken to targets with these settings; the same object for all of them. */
  settingsFor(planned: PlannedTargetTls, alpn: ProbeScript['alpn']): TargetTls {
    const key = JSON.stringify([planned, alpn]);
    const known = this.#settings.get(key);
    if (known !== undefined) return known;
    this.#library ??= new TlsLibrary(this.#arena);
    const authority = planned.authorityId === null ? null : this.#authority(planned.authorityId, this.#library);
    const made = new TargetTls(this.#library, planned, authority, alpn === 'http/1.1');
    if (alpn === 'h2' && made.context !== 0) this.#offerH2(made.context);
    this.#settings.set(key, made);
    return made;
  }

  #authority(id: string, library: TlsLibrary): ParsedAuthority | TlsError {
    const known = this.#authorities.get(id);
    if (known !== undefined) return known;
    const parsed = this.#parse(id, library);
    this.#authorities.set(id, parsed);
    return parsed;
  }

  #parse(id: string, library: TlsLibrary): ParsedAuthority | TlsError {
    const planned = this.#planned.get(id);
    if (planned === undefined) return new TlsError(`authority ${id} is not in the plan`);
    try {
      return ParsedAuthority.parse(planned, library.memory);
    } catch (error) {
      if (error instanceof TlsError) return error;
      throw error;
    }
  }

  #offerH2(context: number): void {
    if (this.#h2 === null) {
      this.#h2 = Mapping.anonymous(4096);
      new Uint8Array(this.#h2.bytes).set(H2);
    }
    SSL_CTX_set_alpn_protos(context, this.#h2.address, H2.length);
  }
}
