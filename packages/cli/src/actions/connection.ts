import { readFileSync } from 'node:fs';
import { canonicalFingerprint, type TlsTrust } from '@evenkeel/model/tls-trust.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { locateHome } from '../start/home.ts';
import { DEFAULT_PORT } from '../start/options.ts';

export interface Connection {
  readonly url: string;
  readonly token: string;
  /** Which server is the right one, where that is not for the authorities to say that come with Node. */
  readonly trust?: TlsTrust;
  /** The tenant that the calls are about, where that is not the one of the token. */
  readonly tenant?: string;
}

export interface ConnectionOptions {
  readonly home?: string;
  readonly url?: string;
  readonly token?: string;
  readonly tenant?: string;
  /** A file of PEM certificates, and the SHA-256 of a certificate. */
  readonly ca?: string;
  readonly fingerprint?: string;
}

/** What the control plane keeps in its home for those who administer it. */
interface AdminCredential {
  readonly token?: unknown;
  readonly url?: unknown;
  readonly fingerprint?: unknown;
}

const DEFAULT_URL = `http://127.0.0.1:${DEFAULT_PORT}`;

/**
 * Where the control plane is, and the token for it: options before the environment before what the home says. The
 * token of a home is sent to its own control plane or to this machine alone, never to whatever address is given.
 */
export function findConnection(options: ConnectionOptions, env: Readonly<NodeJS.ProcessEnv>): Connection {
  const tenant = options.tenant || env.EVENKEEL_TENANT;
  const trust = trustFrom(options, env);
  const connection = { ...addressAndToken(options, env), ...(trust && { trust }) };
  return tenant ? { ...connection, tenant } : connection;
}

function addressAndToken(options: ConnectionOptions, env: Readonly<NodeJS.ProcessEnv>): Connection {
  const url = originOf(options.url || env.EVENKEEL_URL);
  const token = options.token || env.EVENKEEL_TOKEN;
  // The error of `fetch` about it would quote the token.
  if (token && !/^[!-~]+$/.test(token)) {
    throw new CliFailure(EXIT.usage, 'the token has spaces or line ends in it: give it as it is in its file.');
  }
  if (url !== undefined && token) return { url, token };

  const path = locateHome(options.home, env).adminCredential;
  const credential = readCredential(path);
  const own = typeof credential.url === 'string' ? credential.url : DEFAULT_URL;
  const trusted = url === undefined || url === own ? pinOf(credential) : {};
  if (token) return { url: own, token, ...trusted };
  if (url !== undefined && url !== own && !isLoopback(url)) {
    throw new CliFailure(EXIT.usage, `no token for ${url}: set EVENKEEL_TOKEN, or give one with --token.`);
  }
  if (credential.absent) throw absent(path);
  if (typeof credential.token === 'string' && credential.token !== '')
    return { url: url ?? own, token: credential.token, ...trusted };
  throw new CliFailure(EXIT.failed, `${path} holds no token: give one with EVENKEEL_TOKEN.`);
}

/** What the options say about the certificate; undefined: nothing. */
function trustFrom(options: ConnectionOptions, env: Readonly<NodeJS.ProcessEnv>): TlsTrust | undefined {
  const given = options.fingerprint || env.EVENKEEL_FINGERPRINT;
  const file = options.ca || env.EVENKEEL_CA;
  if (!given && !file) return undefined;
  const fingerprint = given ? canonicalFingerprint(given) : undefined;
  if (fingerprint === null) {
    throw new CliFailure(EXIT.usage, `"${given}" is no fingerprint: give the SHA-256 of the certificate, 64 digits.`);
  }
  return { ...(fingerprint && { fingerprint }), ...(file && { ca: readAuthorities(file) }) };
}

function readAuthorities(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CliFailure(
      EXIT.usage,
      `the authorities in ${file} cannot be read (${code}): give a file of PEM certificates.`,
    );
  }
}

/** The home knows which certificate its control plane shows; one that was changed since may be vouched for by others. */
function pinOf({ fingerprint }: AdminCredential): { trust?: TlsTrust } {
  return typeof fingerprint === 'string' ? { trust: { fingerprint, orAuthorities: true } } : {};
}

/** The origin of an address that a person gave. */
function originOf(text: string | undefined): string | undefined {
  if (!text) return undefined;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.origin;
  throw new CliFailure(
    EXIT.usage,
    `"${text}" is no address of a control plane: give one such as http://127.0.0.1:7700.`,
  );
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function readCredential(path: string): AdminCredential & { readonly absent?: true } {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) ?? {}) as AdminCredential;
  } catch (error) {
    // The message would quote a part of the token.
    if (error instanceof SyntaxError) {
      throw new CliFailure(EXIT.failed, `${path} is not valid JSON: give a token with EVENKEEL_TOKEN.`);
    }
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { absent: true };
    const remedy =
      code === 'EACCES' ? 'ask its owner for a token, and set EVENKEEL_TOKEN' : 'set EVENKEEL_TOKEN, or mend that';
    throw new CliFailure(EXIT.failed, `${path} cannot be read (${code ?? message}): ${remedy}.`);
  }
}

function absent(path: string): CliFailure {
  return new CliFailure(
    EXIT.unreachable,
    `the control plane has never run here (there is no ${path}): start it with "evenkeel start", ` +
      'or name another one with --home, or with EVENKEEL_URL and EVENKEEL_TOKEN.',
  );
}
