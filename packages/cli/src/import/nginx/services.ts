import { CONNECT_TIMEOUT, READ_TIMEOUT, TARGET_SEND_TIMEOUT } from '@evenkeel/model/limits.ts';
import type { BackendServiceDocument } from '@evenkeel/model/resources/backend-service.ts';
import type { TargetTlsDocument } from '@evenkeel/model/resources/target-tls.ts';
import { type Bounds, secondsWithin } from '../bounds.ts';
import { type Findings, NotCarried, type Origin } from '../findings.ts';
import { Names } from '../names.ts';
import type { Context } from './context.ts';
import { milliseconds } from './units.ts';
import { targetAt, upstreamOf } from './upstream.ts';
import type { Directive } from './words.ts';

/** Where a `proxy_pass` leads. */
export interface Destination {
  readonly service: string;
  /** The name that targets see as host when nothing else is said. */
  readonly host: string;
  /** The path in its address; null when there is none. */
  readonly path: string | null;
  readonly origin: Origin;
}

/** The backend services of a load balancer: one for each upstream or address, made when something leads there. */
export class Services {
  readonly #upstreams: ReadonlyMap<string, Directive>;
  readonly #protocol: 'http' | 'tcp';
  readonly #findings: Findings;
  readonly #names = new Names();
  readonly #made = new Map<string, BackendServiceDocument>();

  constructor(upstreams: readonly Directive[], protocol: 'http' | 'tcp', findings: Findings) {
    this.#upstreams = new Map(upstreams.map((upstream) => [upstream.args[0] ?? '', upstream]));
    this.#protocol = protocol;
    this.#findings = findings;
  }

  get all(): BackendServiceDocument[] {
    return [...this.#made.values()];
  }

  /** Throws NotCarried when it leads nowhere that can be named. */
  for(pass: Directive, address: string, context: Context): Destination {
    if (address.includes('$')) throw new NotCarried('leads to where a variable says: name each service by a rule');
    const [, scheme = 'tcp', authority = '', path] = /^(?:(https?|tcp):\/\/)?([^/]+)(\/.*)?$/.exec(address) ?? [];
    if (authority.startsWith('unix:'))
      throw new NotCarried('leads to a socket in the file system: targets are reached by TCP');
    const secure = scheme === 'https' || (this.#protocol === 'tcp' && context.isOn('proxy_ssl'));
    const key = `${secure ? 'https' : scheme}://${authority}`;
    const known = this.#made.get(key);
    const service =
      known === undefined ? this.#make(pass, authority, secure, context) : this.#withLongest(known, pass, context);
    this.#made.set(key, service);
    return { service: service.name, host: authority, path: path ?? null, origin: pass };
  }

  #make(pass: Directive, authority: string, secure: boolean, context: Context): BackendServiceDocument {
    const upstream = this.#upstreams.get(authority);
    const [, bracketed, plain = '', written] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(authority) ?? [];
    const port = Number(written ?? (secure ? 443 : 80));
    const balanced =
      upstream === undefined ? { targets: [targetAt(bracketed ?? plain, port)] } : upstreamOf(upstream, this.#findings);
    const first = balanced.targets?.[0]?.port ?? null;
    return {
      name: this.#names.fresh(authority),
      protocol: this.#protocol,
      port: first ?? port,
      ...balanced,
      ...this.#timeouts(context),
      ...(secure ? { tls: this.#tls(pass, context) } : {}),
      ...(context.isOn('proxy_protocol') ? { proxyProtocol: 'v1' as const } : {}),
      // nginx learns from traffic alone what a target is worth; ejection does that here.
      healthCheck: { enabled: false },
    };
  }

  /** Timeouts are of a service, and of a location in nginx: the longest that is asked for breaks none of them. */
  #withLongest(service: BackendServiceDocument, pass: Directive, context: Context): BackendServiceDocument {
    const asked = this.#timeouts(context);
    const longest: Partial<BackendServiceDocument> = {};
    for (const name of ['connectTimeout', 'readTimeout', 'sendTimeout'] as const) {
      const [one, other] = [service[name], asked[name]];
      if (one === other) continue;
      // Without a word on it, nginx waits 60 s.
      longest[name] = Math.max(one ?? 60, other ?? 60);
      this.#findings.add('differs', pass, `${name} is of the service: the longest holds, ${longest[name]} s`);
    }
    return { ...service, ...longest };
  }

  #timeouts(context: Context): Partial<BackendServiceDocument> {
    const seconds = (name: string, bounds: Bounds) => {
      const said = context.setting(name);
      return said === null ? undefined : secondsWithin(milliseconds(said.args[0]), bounds, said, this.#findings);
    };
    const http = this.#protocol === 'http';
    const times = {
      connectTimeout: seconds('proxy_connect_timeout', CONNECT_TIMEOUT),
      readTimeout: http ? seconds('proxy_read_timeout', READ_TIMEOUT) : undefined,
      sendTimeout: http ? seconds('proxy_send_timeout', TARGET_SEND_TIMEOUT) : undefined,
    };
    return Object.fromEntries(Object.entries(times).filter(([, value]) => value !== undefined));
  }

  #tls(pass: Directive, context: Context): TargetTlsDocument {
    const name = context.setting('proxy_ssl_name')?.args[0] ?? '';
    const serverName = name === '' || name.includes('$') ? {} : { serverName: name };
    const authority = context.setting('proxy_ssl_trusted_certificate');
    context.inherited('proxy_ssl_server_name');
    if (!context.isOn('proxy_ssl_verify')) return { enabled: true, verify: false, ...serverName };
    const file = authority?.args[0] ?? '';
    const called = nameOfFile(file);
    this.#findings.add('to-do', authority ?? pass, `first: evenkeel authority create ${called} --certificates ${file}`);
    return { enabled: true, authority: called, ...serverName };
  }
}

/** What a certificate or authority of this file is called. */
export function nameOfFile(path: string): string {
  const parts = path.split('/').filter((part) => part !== '');
  const file = parts.at(-1) ?? '';
  // /etc/letsencrypt/live/example.com/fullchain.pem is called by its folder.
  const base = /^(fullchain|chain|cert|server|tls)\.(pem|crt)$/.test(file) ? (parts.at(-2) ?? file) : file;
  return base.replace(/\.(pem|crt|cer|key)$/, '').replace(/[^\p{L}\p{N}_.-]+/gu, '-') || 'certificate';
}
