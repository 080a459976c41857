import { randomBytes } from 'node:crypto';
import type { PlannedTicketKeys } from '@evenkeel/model/plan/tls.ts';
import { Mapping } from '../reactor/ffi/mapping.ts';
import {
  addressOf,
  EVP_aes_256_cbc,
  EVP_DecryptInit_ex,
  EVP_EncryptInit_ex,
  EVP_MAC_init,
  memcpy,
  RAND_bytes,
  SSL_CTX_set_tlsext_ticket_key_evp_cb,
  ticketCallback,
} from './ffi/openssl.ts';

const KEY_SIZE = 80;
const NAME_SIZE = 16;
const IV_SIZE = 16;
/** Where the parts of a key begin, after its name. */
const MAC_KEY = 16;
const MAC_KEY_SIZE = 32;
const AES_KEY = 48;
/** Keys that are accepted at most; those behind are passed over. */
const MAX_KEYS = 16;

/** What the callback answers: an error, an unknown key, a good one, a good one whose ticket should be made anew. */
const Answer = { error: -1, unknown: 0, good: 1, renew: 2 } as const;

const OSSL_PARAM_SIZE = 40;
const OSSL_PARAM_UTF8_STRING = 4;

/**
 * The keys that session tickets are encrypted with (RFC 5077): the first makes tickets, all are accepted. As OpenSSL
 * alone knows but one key per context, it asks here. The same keys everywhere let a session that began on one worker be
 * resumed on any other; until the plan brings some, each worker has its own.
 */
export class TicketKeys {
  /** Keys one after the other, then room for a name, then the parameters and texts of the MAC. */
  readonly #mapping = Mapping.anonymous(4096);
  readonly #bytes = new Uint8Array(this.#mapping.bytes);
  readonly #callback = ticketCallback((_ssl, name, iv, cipher, mac, encrypt) =>
    encrypt === 0 ? this.#open(name, iv, cipher, mac) : this.#make(name, iv, cipher, mac),
  );
  readonly #nameAt = MAX_KEYS * KEY_SIZE;
  readonly #parametersAt = MAX_KEYS * KEY_SIZE + 64;
  #count = 1;

  constructor() {
    this.#bytes.set(randomBytes(KEY_SIZE));
    this.#writeMacParameters();
  }

  /** Null: no keys from the plan (any more); the last ones go on. */
  set(planned: PlannedTicketKeys | null): void {
    const keys = (planned?.keys ?? [])
      .map((key) => Buffer.from(key, 'base64'))
      .filter((key) => key.length === KEY_SIZE);
    if (keys.length === 0) return;
    this.#count = Math.min(keys.length, MAX_KEYS);
    for (let i = 0; i < this.#count; i++) this.#bytes.set(keys[i]!, i * KEY_SIZE);
  }

  addTo(context: number): void {
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, this.#callback);
  }

  #make(name: number, iv: number, cipher: number, mac: number): number {
    if (RAND_bytes(iv, IV_SIZE) !== 1) return Answer.error;
    const key = this.#mapping.address;
    memcpy(name, key, NAME_SIZE);
    const ready = EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), 0, key + AES_KEY, iv) === 1 && this.#initMac(mac, key);
    return ready ? Answer.good : Answer.error;
  }

  #open(name: number, iv: number, cipher: number, mac: number): number {
    memcpy(this.#mapping.address + this.#nameAt, name, NAME_SIZE);
    const index = this.#find();
    if (index < 0) return Answer.unknown;
    const key = this.#mapping.address + index * KEY_SIZE;
    const ready = this.#initMac(mac, key) && EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), 0, key + AES_KEY, iv) === 1;
    if (!ready) return Answer.error;
    return index === 0 ? Answer.good : Answer.renew;
  }

  #find(): number {
    const bytes = this.#bytes;
    for (let index = 0; index < this.#count; index++) {
      let at = 0;
      while (at < NAME_SIZE && bytes[index * KEY_SIZE + at] === bytes[this.#nameAt + at]) at++;
      if (at === NAME_SIZE) return index;
    }
    return -1;
  }

  #initMac(mac: number, key: number): boolean {
    return EVP_MAC_init(mac, key + MAC_KEY, MAC_KEY_SIZE, this.#mapping.address + this.#parametersAt) === 1;
  }

  /** An array of OSSL_PARAM (openssl/core.h): { "digest": "SHA256" }, end. */
  #writeMacParameters(): void {
    const at = this.#parametersAt;
    const texts = at + 2 * OSSL_PARAM_SIZE;
    const base = addressOf(this.#bytes);
    const view = new DataView(this.#mapping.bytes);
    this.#bytes.set(Buffer.from('digest\0SHA256\0', 'latin1'), texts);
    view.setBigUint64(at, BigInt(base + texts), true);
    view.setUint32(at + 8, OSSL_PARAM_UTF8_STRING, true);
    view.setBigUint64(at + 16, BigInt(base + texts + 'digest\0'.length), true);
    view.setBigUint64(at + 24, BigInt('SHA256'.length), true);
    view.setBigUint64(at + 32, BigInt(0), true);
  }
}
