import { readFileSync } from 'node:fs';
import type { AccessKey } from '@evenkeel/client/sign.ts';
import { canonicalFingerprint, type TlsTrust } from '@evenkeel/model/tls-trust.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { locateHome } from '../start/home.ts';
import { DEFAULT_PORT } from '../start/options.ts';
import { type Profile, profileNamed } from './profiles.ts';

export interface Connection {
  readonly url: string;
  /** One of the two. */
  readonly token?: string;
  readonly accessKey?: AccessKey;
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
  /** A name of a profile. */
  readonly profile?: string;
}

/** What the control plane keeps in its home for those who administer it. */
interface AdminCredential {
  readonly token?: unknown;
  readonly url?: unknown;
  readonly fingerprint?: unknown;
}

const DEFAULT_URL = `http://127.0.0.1:${DEFAULT_PORT}`;

/**
 * Where the control plane is, and what it is called with: options before the environment before a profile before what
 * the home says. The credential of a profile or of a home is sent to its own control plane (or, of a home, to this
 * machine), never to whatever address is given.
 */
export function findConnection(given: ConnectionOptions, env: Readonly<NodeJS.ProcessEnv>): Connection {
  const name = given.profile || env.EVENKEEL_PROFILE;
  const profile = name ? profileNamed(name, env) : null;
  const tenant = given.tenant || env.EVENKEEL_TENANT || profile?.tenant;
  const trust = trustFrom(given, env, profile);
  const connection = {
    ...(profileConnection(given, env, profile) ?? addressAndToken(given, env)),
    ...(trust && { trust }),
  };
  return tenant ? { ...connection, tenant } : connection;
}

/** What a profile says, where nothing else says it; null: there is none. */
function profileConnection(
  given: ConnectionOptions,
  env: Readonly<NodeJS.ProcessEnv>,
  profile: Profile | null,
): Connection | null {
  if (profile === null) return null;
  const url = originOf(given.url || env.EVENKEEL_URL) ?? profile.url;
  const own = given.token || env.EVENKEEL_TOKEN ? null : accessKeyIn(env);
  if (given.token || env.EVENKEEL_TOKEN || own !== null) return addressAndToken({ ...given, url }, env);
  if (url !== profile.url) {
    throw new CliFailure(EXIT.usage, `the credential of the profile is for ${profile.url}, not for ${url}.`);
  }
  const { token, accessKeyId: id, accessKeySecret: secret } = profile;
  if (id !== undefined && secret !== undefined) return { url, accessKey: { id, secret } };
  if (token !== undefined) return { url, token };
  throw new CliFailure(EXIT.usage, 'the profile has neither a token nor an access key: save it anew.');
}

function accessKeyIn(env: Readonly<NodeJS.ProcessEnv>): AccessKey | null {
  const { EVENKEEL_ACCESS_KEY_ID: id, EVENKEEL_ACCESS_KEY_SECRET: secret } = env;
  if (!id) return null;
  if (!secret) throw new CliFailure(EXIT.usage, 'EVENKEEL_ACCESS_KEY_ID takes EVENKEEL_ACCESS_KEY_SECRET beside it.');
  return { id, secret };
}

function addressAndToken(options: ConnectionOptions, env: Readonly<NodeJS.ProcessEnv>): Connection {
  const url = originOf(options.url || env.EVENKEEL_URL);
  const token = options.token || env.EVENKEEL_TOKEN;
  // The error of `fetch` about it would quote the token.
  if (token && !/^[!-~]+$/.test(token)) {
    throw new CliFailure(EXIT.usage, 'the token has spaces or line ends in it: give it as it is in its file.');
  }
  const accessKey = token ? null : accessKeyIn(env);
  const credential = token ? { token } : accessKey && { accessKey };
  if (url !== undefined && credential) return { url, ...credential };

  const path = locateHome(options.home, env).adminCredential;
  const kept = readCredential(path);
  const own = typeof kept.url === 'string' ? kept.url : DEFAULT_URL;
  const trusted = url === undefined || url === own ? pinOf(kept) : {};
  if (credential) return { url: own, ...credential, ...trusted };
  if (url !== undefined && url !== own && !isLoopback(url)) {
    throw new CliFailure(EXIT.usage, `no token for ${url}: set EVENKEEL_TOKEN, or give one with --token.`);
  }
  if (kept.absent) throw absent(path);
  if (typeof kept.token === 'string' && kept.token !== '') return { url: url ?? own, token: kept.token, ...trusted };
  throw new CliFailure(EXIT.failed, `${path} holds no token: give one with EVENKEEL_TOKEN.`);
}

/** What the options say about the certificate; undefined: nothing. */
function trustFrom(
  options: ConnectionOptions,
  env: Readonly<NodeJS.ProcessEnv>,
  profile: Profile | null,
): TlsTrust | undefined {
  const given = options.fingerprint || env.EVENKEEL_FINGERPRINT || profile?.fingerprint;
  const file = options.ca || env.EVENKEEL_CA || profile?.ca;
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
export function originOf(text: string | undefined): string | undefined {
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
