import {
  BODY_TIMEOUT,
  HEADER_TIMEOUT,
  KEEP_ALIVE_TIMEOUT,
  LISTENER_LIMITS,
  SEND_TIMEOUT,
} from '@evenkeel/model/limits.ts';
import { canonicalNetwork } from '@evenkeel/model/network.ts';
import type { ErrorPage } from '@evenkeel/model/resources/error-page.ts';
import type { ListenerDocument } from '@evenkeel/model/resources/listener.ts';
import { type Bounds, numberWithin, secondsWithin } from '../bounds.ts';
import { errorPagesOf, pagesElsewhere } from '../error-pages.ts';
import { type Findings, NotCarried } from '../findings.ts';
import type { Context } from './context.ts';
import { nameOfFile } from './services.ts';
import { bytes, milliseconds } from './units.ts';
import { attempt } from './upstream.ts';
import type { Directive } from './words.ts';

/** nginx's own default for `client_max_body_size`. */
const BODY_SIZE = '1m';

/** A server of a port, with the names that TLS may ask for. */
export interface SecureServer {
  readonly context: Context;
  readonly names: readonly string[];
}

/** What a listener has of the servers of its port; the first is the one that counts where there can be one alone. */
export function httpSettings(servers: readonly Context[], findings: Findings): Partial<ListenerDocument> {
  const [server] = servers;
  if (server === undefined) return {};
  const seconds = (name: string, bounds: Bounds) => {
    const said = server.setting(name);
    if (said === null) return undefined;
    return attempt(said, findings, () => [secondsWithin(milliseconds(said.args[0]), bounds, said, findings)])[0];
  };
  const times = {
    headerTimeout: seconds('client_header_timeout', HEADER_TIMEOUT),
    bodyTimeout: seconds('client_body_timeout', BODY_TIMEOUT),
    sendTimeout: seconds('send_timeout', SEND_TIMEOUT),
    keepAliveTimeout: seconds('keepalive_timeout', KEEP_ALIVE_TIMEOUT),
  };
  return {
    ...Object.fromEntries(Object.entries(times).filter(([, value]) => value !== undefined)),
    ...(server.isOn('gzip') ? { compression: true } : {}),
    ...limitsOf(servers, findings),
    ...trustOf(server, findings),
    ...errorPagesOf(pagesOf(server, findings)),
  };
}

/** The largest body that any of the servers takes: a listener has one limit. */
function limitsOf(servers: readonly Context[], findings: Findings): Pick<ListenerDocument, 'limits'> {
  const said = servers.flatMap((server) => {
    const deeper = server.deep('client_max_body_size');
    return deeper.length > 0 ? deeper : [server.setting('client_max_body_size')];
  });
  const sizes = said.map((directive) => bytes(directive?.args[0] ?? BODY_SIZE));
  const largest = sizes.includes(0) ? 0 : Math.max(...sizes);
  const origin = said.find((directive) => directive !== null);
  if (origin !== undefined && origin !== null && new Set(sizes).size > 1) {
    findings.add('differs', origin, 'the largest of the sizes holds for all of the listener');
  }
  if (largest === 0) return { limits: { bodySize: null } };
  if (origin === undefined || origin === null) return { limits: { bodySize: largest } };
  return { limits: { bodySize: numberWithin(largest, LISTENER_LIMITS.bodySize, origin, findings) } };
}

/** Where clients are sent instead of an error; pages of nginx's own stay there. */
function pagesOf(server: Context, findings: Findings): ErrorPage[] {
  return server.inherited('error_page').flatMap((directive) =>
    attempt(directive, findings, () => {
      const location = directive.args.at(-1) ?? '';
      if (!/^https?:/.test(location)) throw new NotCarried('has to be written as `errorPages` of the listener');
      const said = directive.args.slice(0, -1);
      const pages = pagesElsewhere(
        said.filter((text) => !text.startsWith('=')),
        location,
      );
      if (said.some((text) => /^=\d/.test(text) && text !== '=302')) findings.add('differs', directive, 'answers 302');
      return pages;
    }),
  );
}

/** Who may say what the client's address is. */
function trustOf(server: Context, findings: Findings): Pick<ListenerDocument, 'trustedProxies'> {
  const field = server.setting('real_ip_header');
  server.setting('real_ip_recursive');
  if (field !== null && !/^(x-forwarded-for|proxy_protocol)$/i.test(field.args[0] ?? '')) {
    findings.add('differs', field, 'the address is taken from X-Forwarded-For');
  }
  const trusted = server.inherited('set_real_ip_from').flatMap((directive) =>
    attempt(directive, findings, () => {
      const network = canonicalNetwork(directive.args[0] ?? '');
      if (network === null) throw new NotCarried('names no address or CIDR block');
      return [network];
    }),
  );
  return trusted.length === 0 ? {} : { trustedProxies: trusted };
}

/** Certificates: that of the first server for whoever asks for no name, and those of the others by their names. */
export function tlsSettings(
  servers: readonly SecureServer[],
  origin: Directive,
  findings: Findings,
): Partial<ListenerDocument> {
  const defaults: string[] = [];
  const certificates: { name: string; certificate: string }[] = [];
  for (const [index, { context, names }] of servers.entries()) {
    const chains = context.inherited('ssl_certificate');
    const keys = context.inherited('ssl_certificate_key');
    for (const [at, chain] of chains.entries()) {
      const file = chain.args[0] ?? '';
      const name = nameOfFile(file);
      const key = keys[at]?.args[0] ?? '';
      findings.add('to-do', chain, `first: evenkeel certificate create ${name} --chain ${file} --key ${key}`);
      if (index === 0) defaults.push(name);
      else for (const host of names) certificates.push({ name: host, certificate: name });
    }
  }
  if (defaults.length === 0) findings.add('to-do', origin, 'names no certificate: set `defaultCertificates`');
  return {
    ...(defaults.length === 0 ? {} : { defaultCertificates: defaults }),
    ...(certificates.length === 0 ? {} : { certificates }),
    ...clientCertificates(servers[0]?.context, findings),
  };
}

function clientCertificates(
  server: Context | undefined,
  findings: Findings,
): Pick<ListenerDocument, 'clientCertificates'> {
  const mode = server?.setting('ssl_verify_client');
  const file = server?.setting('ssl_client_certificate');
  if (!mode || !file || mode.args[0] === 'off') return {};
  const authority = nameOfFile(file.args[0] ?? '');
  findings.add('to-do', file, `first: evenkeel authority create ${authority} --certificates ${file.args[0]}`);
  return { clientCertificates: { mode: mode.args[0] === 'on' ? 'required' : 'optional', authority } };
}
