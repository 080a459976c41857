import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { dirname, join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { StartError } from '../start-error.ts';
import { type CertificateAndKey, EARLIER, makeSelfSigned } from './self-signed.ts';

/** Where the certificate of the API comes from: files of the operator, or one that is made and kept in the home. */
export type ApiTls =
  | { readonly kind: 'files'; readonly certificate: string; readonly key: string }
  | { readonly kind: 'self-signed' };

/** Milliseconds before the end of one that was made here at which another one is made. */
const ANNOUNCED = 37 * 86_400_000;
/** For which nodes are told of that other one before it is shown. */
const KNOWN = 7 * 86_400_000;
/** Milliseconds before the end from which on it need not be told for longer than what is left. */
const RESERVE = 86_400_000;
/** Milliseconds until it is tried again to make it where that failed. */
const AGAIN = 3_600_000;

export interface Shown extends CertificateAndKey {
  /** SHA-256 of the server's own certificate, in hexadecimal with colons. */
  readonly fingerprint: string;
  /** Unix milliseconds, both. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface ApiCertificateOptions {
  readonly tls: ApiTls;
  readonly home: string;
  /** The address that is listened on. */
  readonly host: string;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** Where a certificate and its key are. */
type Files = { readonly [K in keyof CertificateAndKey]: string };

/** The certificate that the API shows, and its key; read again when the files have changed. */
export class ApiCertificate {
  readonly #options: ApiCertificateOptions;
  readonly #files: Files;
  /** Of the one that comes after it, where that is made here. */
  readonly #nextFiles: Files;
  #next: Shown | null = null;
  /** Unix milliseconds before which it is not tried to make it. */
  #notBefore = 0;
  #seen: string;
  #shown: Shown;

  /** Reads the files, and makes them when they are to be made here. Throws a StartError. */
  constructor(options: ApiCertificateOptions) {
    const { tls, home } = options;
    this.#options = options;
    const folder = join(home, 'credentials');
    this.#files =
      tls.kind === 'files'
        ? tls
        : { certificate: join(folder, 'api-certificate.pem'), key: join(folder, 'api-key.pem') };
    this.#nextFiles = { certificate: join(folder, 'api-certificate-next.pem'), key: join(folder, 'api-key-next.pem') };
    try {
      this.#renew();
      this.#seen = this.#stamp();
      this.#shown = read(this.#files);
    } catch (error) {
      throw new StartError(
        `the certificate of the API cannot be used: ${reasonOf(error)}; give PEM files that belong together with ` +
          '--api-certificate and --api-key, or let one be made with --api-self-signed',
        error,
      );
    }
  }

  get shown(): Shown {
    return this.#shown;
  }

  /** The one that will be shown after it; null: that is not made here, or not yet. */
  get next(): Shown | null {
    return this.#next;
  }

  /** True when there is another one than before. Throws, once for each change, when what is there now is no good. */
  refresh(): boolean {
    if (this.#renew()) this.#prepare();
    const stamp = this.#stamp();
    if (stamp === this.#seen) return false;
    this.#seen = stamp;
    const now = read(this.#files);
    const changed = now.certificate !== this.#shown.certificate || now.key !== this.#shown.key;
    this.#shown = now;
    return changed;
  }

  /** What tells whether the files are others than before. */
  #stamp(): string {
    const { certificate, key } = this.#files;
    const stamps = [certificate, key].map((file) => statSync(file, { throwIfNoEntry: false }));
    return stamps.map((stamp) => (stamp === undefined ? '-' : `${stamp.mtimeMs}/${stamp.ino}/${stamp.size}`)).join(' ');
  }

  /**
   * Sees to it, if that is up to us, that there is one that is good. One that still is gives way only to one that nodes
   * were told of. True: that is to be made.
   */
  #renew(): boolean {
    if (this.#options.tls.kind !== 'self-signed') return false;
    const left = this.#left(this.#files);
    const next = left <= ANNOUNCED && this.#left(this.#nextFiles) > left ? read(this.#nextFiles) : null;
    this.#next = next;
    if (left > 0) {
      if (next === null) return left <= ANNOUNCED;
      if (!this.#isKnown(next, left)) return false;
    }
    // Until it is in place, it stays where it is.
    write(this.#files, next ?? this.#made());
    for (const file of Object.values(this.#nextFiles)) rmSync(file, { force: true });
    this.#next = null;
    return false;
  }

  /** Whether the next one is there for long enough. `left`: milliseconds that the one before it is still good for. */
  #isKnown(next: Shown, left: number): boolean {
    const age = this.#options.now() - next.notBefore - EARLIER;
    return age >= (left <= RESERVE ? left : KNOWN);
  }

  /** Not at a start: a disk that is full is no reason to refuse that. */
  #prepare(): void {
    const { now } = this.#options;
    if (now() < this.#notBefore) return;
    this.#notBefore = now() + AGAIN;
    write(this.#nextFiles, this.#made());
    this.#next = read(this.#nextFiles);
  }

  #made(): CertificateAndKey {
    const { host, now } = this.#options;
    return makeSelfSigned(namesFor(host), now());
  }

  /** Milliseconds that a certificate is still good for; 0: there is none, or it is no good. */
  #left(files: Files): number {
    try {
      return Math.max(0, read(files).notAfter - this.#options.now());
    } catch {
      return 0;
    }
  }
}

function read(files: Files): Shown {
  const certificate = readFileSync(files.certificate, 'utf8');
  const key = readFileSync(files.key, 'utf8');
  // Refuses a key that does not belong to the certificate, and whatever else OpenSSL could not serve with.
  createSecureContext({ cert: certificate, key });
  const { fingerprint256: fingerprint, validFrom, validTo } = new X509Certificate(certificate);
  return { certificate, key, fingerprint, notBefore: Date.parse(validFrom), notAfter: Date.parse(validTo) };
}

/** The key is there before its certificate. */
function write(files: Files, made: CertificateAndKey): void {
  mkdirSync(dirname(files.key), { recursive: true, mode: 0o700 });
  replace(files.key, made.key);
  replace(files.certificate, made.certificate);
}

/** What a server that listens there can be reached by, as far as this machine knows. */
function namesFor(host: string): string[] {
  const names = ['localhost', '127.0.0.1', '::1', hostname().toLowerCase()];
  if (host !== '0.0.0.0' && host !== '::') names.push(host);
  else
    for (const addresses of Object.values(networkInterfaces()))
      for (const { address } of addresses ?? []) names.push(address);
  return [...new Set(names)].filter((name) => /^[0-9a-z.:-]+$/.test(name));
}

function replace(file: string, text: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
