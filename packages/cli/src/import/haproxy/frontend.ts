import {
  HEADER_TIMEOUT,
  IDLE_TIMEOUT,
  KEEP_ALIVE_TIMEOUT,
  LISTENER_LIMITS,
  UPGRADE_IDLE_TIMEOUT,
} from '@evenkeel/model/limits.ts';
import type { ErrorPage } from '@evenkeel/model/resources/error-page.ts';
import type { ForwardingPatch } from '@evenkeel/model/resources/forwarding.ts';
import type { ListenerDocument } from '@evenkeel/model/resources/listener.ts';
import { numberWithin, secondsWithin } from '../bounds.ts';
import { errorPagesOf, pagesElsewhere } from '../error-pages.ts';
import { type Findings, NotCarried } from '../findings.ts';
import { nameOfFile } from './backend.ts';
import { type Bind, bindsOf } from './bind.ts';
import type { Proxy } from './proxy.ts';
import { milliseconds } from './time.ts';

/** Where a frontend listens; what is no listener is told. */
export function allBinds({ statements }: Proxy, findings: Findings): Bind[] {
  return statements.take('bind').flatMap((statement) => {
    try {
      return bindsOf(statement);
    } catch (error) {
      if (!(error instanceof NotCarried)) throw error;
      findings.add('left-out', statement, error.message);
      return [];
    }
  });
}

/** What a listener has of its frontend, besides its name, where it sends requests, and its rules. */
export function listenerSettings(proxy: Proxy, bind: Bind, findings: Findings): Omit<ListenerDocument, 'name'> {
  const { mode, statements } = proxy;
  const http = mode === 'http';
  const time = (name: string, bounds: { minimum: number; maximum: number }) => {
    const said = statements.last('timeout', name);
    return said === null ? undefined : secondsWithin(milliseconds(said.words[2]), bounds, said, findings);
  };
  const settings = {
    idleTimeout: time('client', IDLE_TIMEOUT),
    headerTimeout: http ? time('http-request', HEADER_TIMEOUT) : undefined,
    keepAliveTimeout: http ? time('http-keep-alive', KEEP_ALIVE_TIMEOUT) : undefined,
    upgradeIdleTimeout: http ? time('tunnel', UPGRADE_IDLE_TIMEOUT) : undefined,
  };
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return {
    protocol: http ? (bind.tls ? 'https' : 'http') : bind.tls ? 'tls' : 'tcp',
    port: bind.port,
    ...Object.fromEntries(given),
    ...limitsOf(proxy, findings),
    ...(http && statements.last('compression', 'algo') !== null ? { compression: true } : {}),
    ...(http ? errorPagesOf(pagesOf(proxy, findings)) : {}),
    ...(bind.tls ? securedBy(bind, findings) : {}),
    ...(bind.acceptProxy ? proxied(bind, findings) : {}),
  };
}

/** Where clients are sent instead of an error. */
function pagesOf({ statements }: Proxy, findings: Findings): ErrorPage[] {
  // Of several for one status, the last counts: those of the section come behind those of its defaults.
  return statements.takeAny(['errorloc', 'errorloc302', 'errorloc303']).flatMap((statement) => {
    const [keyword, status = '', location = ''] = statement.words;
    try {
      const pages = pagesElsewhere([status], location);
      if (keyword === 'errorloc303') findings.add('differs', statement, 'answers 302');
      return pages;
    } catch (error) {
      if (!(error instanceof NotCarried)) throw error;
      findings.add('left-out', statement, error.message);
      return [];
    }
  });
}

/** What targets are told of the client (manual, `option forwardfor`). */
export function clientAddressField(
  { statements, mode }: Proxy,
  backends: readonly Proxy[],
  findings: Findings,
): ForwardingPatch {
  const said = [statements.option('forwardfor'), ...backends.map((backend) => backend.statements.option('forwardfor'))];
  const [first] = said.filter((one) => one !== null);
  if (mode !== 'http' || first !== undefined) {
    if (first?.words.includes('header')) {
      findings.add('differs', first, 'the client is told in X-Forwarded-For, whatever the name of the field was');
    }
    return {};
  }
  return { clientAddress: 'off' };
}

function limitsOf({ statements }: Proxy, findings: Findings): Pick<ListenerDocument, 'limits'> {
  const most = statements.last('maxconn');
  const rate = statements.last('rate-limit', 'sessions');
  const limits = {
    ...(most === null
      ? {}
      : { connections: numberWithin(Number(most.words[1]), LISTENER_LIMITS.connections, most, findings) }),
    ...(rate === null
      ? {}
      : {
          connectionsPerSecond: numberWithin(
            Number(rate.words[2]),
            LISTENER_LIMITS.connectionsPerSecond,
            rate,
            findings,
          ),
        }),
  };
  return Object.keys(limits).length === 0 ? {} : { limits };
}

function securedBy({ certificates, clients, statement }: Bind, findings: Findings): Partial<ListenerDocument> {
  if (certificates.length === 0) findings.add('to-do', statement, 'names no certificate: set `defaultCertificates`');
  const [first, ...more] = certificates.map((file) => ({ file, name: nameOfFile(file) }));
  for (const { file, name } of first === undefined ? [] : [first, ...more]) {
    findings.add('to-do', statement, `first: evenkeel certificate create ${name} --chain ${file} --key ${file}`);
  }
  for (const { file, name } of more) {
    findings.add('to-do', statement, `then name the hosts of ${file}: certificates: [{name: …, certificate: ${name}}]`);
  }
  if (clients !== null) {
    const authority = nameOfFile(clients.file);
    findings.add('to-do', statement, `first: evenkeel authority create ${authority} --certificates ${clients.file}`);
    return {
      ...(first === undefined ? {} : { defaultCertificates: [first.name] }),
      clientCertificates: { mode: clients.mode, authority },
    };
  }
  return first === undefined ? {} : { defaultCertificates: [first.name] };
}

function proxied({ statement }: Bind, findings: Findings): Partial<ListenerDocument> {
  findings.add('to-do', statement, 'name who may send the PROXY protocol in `trustedProxies`: here it is everybody');
  return { acceptProxyProtocol: true, trustedProxies: ['0.0.0.0/0', '::/0'] };
}
