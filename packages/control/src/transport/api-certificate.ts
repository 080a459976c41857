import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { dirname, join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { StartError } from '../start-error.ts';
import { type CertificateAndKey, makeSelfSigned } from './self-signed.ts';

/** Where the certificate of the API comes from: files of the operator, or one that is made and kept in the home. */
export type ApiTls =
  | { readonly kind: 'files'; readonly certificate: string; readonly key: string }
  | { readonly kind: 'self-signed' };

/** Milliseconds before its end at which one that was made here is made anew. */
const RENEWED = 30 * 86_400_000;

export interface Shown extends CertificateAndKey {
  /** SHA-256 of the server's own certificate, in hexadecimal with colons. */
  readonly fingerprint: string;
  /** Unix milliseconds. */
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

/** The certificate that the API shows, and its key; read again when the files have changed. */
export class ApiCertificate {
  readonly #options: ApiCertificateOptions;
  readonly #files: { readonly certificate: string; readonly key: string };
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
    try {
      this.#renew();
      this.#seen = this.#stamp();
      this.#shown = this.#read();
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

  /** True when there is another one than before. Throws, once for each change, when what is there now is no good. */
  refresh(): boolean {
    this.#renew();
    const stamp = this.#stamp();
    if (stamp === this.#seen) return false;
    this.#seen = stamp;
    const now = this.#read();
    const changed = now.certificate !== this.#shown.certificate || now.key !== this.#shown.key;
    this.#shown = now;
    return changed;
  }

  #read(): Shown {
    const certificate = readFileSync(this.#files.certificate, 'utf8');
    const key = readFileSync(this.#files.key, 'utf8');
    // Refuses a key that does not belong to the certificate, and whatever else OpenSSL could not serve with.
    createSecureContext({ cert: certificate, key });
    const { fingerprint256: fingerprint, validTo } = new X509Certificate(certificate);
    return { certificate, key, fingerprint, notAfter: Date.parse(validTo) };
  }

  /** What tells whether the files are others than before. */
  #stamp(): string {
    const { certificate, key } = this.#files;
    const stamps = [certificate, key].map((file) => statSync(file, { throwIfNoEntry: false }));
    return stamps.map((stamp) => (stamp === undefined ? '-' : `${stamp.mtimeMs}/${stamp.ino}/${stamp.size}`)).join(' ');
  }

  /** Makes one, if that is up to us, when there is none or it ends soon. The key is there before its certificate. */
  #renew(): void {
    const { tls, host, now } = this.#options;
    if (tls.kind !== 'self-signed' || this.#lasts()) return;
    const made = makeSelfSigned(namesFor(host), now());
    mkdirSync(dirname(this.#files.key), { recursive: true, mode: 0o700 });
    replace(this.#files.key, made.key);
    replace(this.#files.certificate, made.certificate);
  }

  #lasts(): boolean {
    try {
      return this.#read().notAfter - this.#options.now() > RENEWED;
    } catch {
      return false;
    }
  }
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
