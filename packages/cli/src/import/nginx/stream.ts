import { IDLE_TIMEOUT } from '@evenkeel/model/limits.ts';
import type { LoadBalancerDocument } from '@evenkeel/model/resources/document.ts';
import type { ListenerDocument } from '@evenkeel/model/resources/listener.ts';
import { secondsWithin } from '../bounds.ts';
import { type Findings, NotCarried } from '../findings.ts';
import type { Context } from './context.ts';
import { listensOf } from './listen.ts';
import { tlsSettings } from './listener.ts';
import { Services } from './services.ts';
import { milliseconds } from './units.ts';
import { attempt } from './upstream.ts';
import type { Directive } from './words.ts';

/** The listeners of the `stream` block, and the services that they lead to. */
export function streamLoadBalancer(stream: Context, name: string, findings: Findings): LoadBalancerDocument | null {
  const services = new Services(stream.own('upstream'), 'tcp', findings);
  const maps = stream.own('map');
  const listeners = stream.own('server').flatMap((directive) => {
    const server = stream.within(directive);
    return listensOf(server, findings).flatMap((listen) =>
      attempt<ListenerDocument>(listen.directive, findings, () => {
        const pass = server.own('proxy_pass').at(-1);
        if (pass === undefined) throw new NotCarried('leads nowhere');
        const idle = server.setting('proxy_timeout');
        return [
          {
            name: `${listen.tls ? 'tls' : 'tcp'}-${listen.port}`,
            protocol: listen.tls ? 'tls' : 'tcp',
            port: listen.port,
            ...(idle === null
              ? {}
              : { idleTimeout: secondsWithin(milliseconds(idle.args[0]), IDLE_TIMEOUT, idle, findings) }),
            ...(listen.tls ? tlsSettings([{ context: server, names: [] }], listen.directive, findings) : {}),
            ...(listen.proxyProtocol ? { acceptProxyProtocol: true } : {}),
            ...destinations(server, pass, maps, services, stream),
          },
        ];
      }),
    );
  });
  if (listeners.length === 0) return null;
  return { name, backendServices: services.all, listeners };
}

/** A service, or one for each name that TLS asks for: `map $ssl_preread_server_name $name { … }`. */
function destinations(
  server: Context,
  pass: Directive,
  maps: readonly Directive[],
  services: Services,
  stream: Context,
): Pick<ListenerDocument, 'backendService' | 'serverNames'> {
  const [where = ''] = pass.args;
  server.setting('ssl_preread');
  if (!where.startsWith('$')) return { backendService: services.for(pass, where, server).service };
  const map = maps.find(({ args }) => args[0] === '$ssl_preread_server_name' && args[1] === where);
  if (map === undefined) throw new NotCarried('leads to where a variable says, which no map of TLS names does');
  const result: { backendService?: string; serverNames: { name: string; backendService: string }[] } = {
    serverNames: [],
  };
  const entries = stream.within(map).untaken;
  for (const { name, args } of entries) {
    if (name === 'hostnames' || name === 'volatile') continue;
    const to = services.for(pass, args[0] ?? '', server).service;
    if (name === 'default') result.backendService = to;
    else if (name.startsWith('~')) throw new NotCarried('maps TLS names by regular expressions');
    else
      for (const one of name.startsWith('.') ? [name.slice(1), `*${name}`] : [name])
        result.serverNames.push({ name: one, backendService: to });
  }
  return result;
}
