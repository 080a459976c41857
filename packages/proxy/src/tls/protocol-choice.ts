import { Mapping } from '../reactor/ffi/mapping.ts';
import {
  alpnCallback,
  memcpy,
  SSL_CTX_set_alpn_protos,
  SSL_CTX_set_alpn_select_cb,
  SSL_TLSEXT_ERR_ALERT_FATAL,
  SSL_TLSEXT_ERR_OK,
} from './ffi/openssl.ts';

const PROTOCOL = Buffer.from('http/1.1', 'latin1');
/** Offers may be longer; what lies behind is not read. */
const MAX_OFFERED = 1024;
/** Layout of the memory: the protocol with its length in front, its address, and what a client offers. */
const ADDRESS_AT = 16;
const OFFERED_AT = 64;

/**
 * The choice of the application protocol (RFC 7301): `http/1.1`. A client that offers others only is refused with the
 * alert no_application_protocol; one that offers none is taken.
 */
export class ProtocolChoice {
  readonly #mapping = Mapping.anonymous(4096);
  readonly #bytes = new Uint8Array(this.#mapping.bytes);
  readonly #callback = alpnCallback((_ssl, out, outSize, offered, size) => this.#select(out, outSize, offered, size));

  constructor() {
    this.#bytes[0] = PROTOCOL.length;
    this.#bytes.set(PROTOCOL, 1);
    new DataView(this.#mapping.bytes).setBigUint64(ADDRESS_AT, BigInt(this.#mapping.address + 1), true);
  }

  /** For contexts of servers. */
  addTo(context: number): void {
    SSL_CTX_set_alpn_select_cb(context, this.#callback, 0);
  }

  /** For contexts of clients: `http/1.1` is what they offer. */
  offerIn(context: number): void {
    SSL_CTX_set_alpn_protos(context, this.#mapping.address, 1 + PROTOCOL.length);
  }

  #select(out: number, outSize: number, offered: number, size: number): number {
    const { address } = this.#mapping;
    const bytes = this.#bytes;
    const end = OFFERED_AT + Math.min(size, MAX_OFFERED);
    memcpy(address + OFFERED_AT, offered, end - OFFERED_AT);
    for (let at = OFFERED_AT; at < end; at += 1 + bytes[at]!) {
      if (!this.#isOurs(at, end)) continue;
      memcpy(out, address + ADDRESS_AT, 8);
      memcpy(outSize, address, 1);
      return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }

  /** Whether the length and name at `at` are those of the protocol. */
  #isOurs(at: number, end: number): boolean {
    if (at + 1 + PROTOCOL.length > end) return false;
    for (let i = 0; i <= PROTOCOL.length; i++) if (this.#bytes[at + i] !== this.#bytes[i]) return false;
    return true;
  }
}
