import { type Identity, issue } from '@evenkeel/testbed/certificates/issue.ts';
import type { Kind } from '@evenkeel/testbed/crowd/program.ts';
import { type EchoOrigin, echoOrigin } from '@evenkeel/testbed/websocket/echo-origin.ts';
import { startOrigins } from './origins.ts';
import type { Product } from './product.ts';
import type { Changeable } from './random-changes.ts';
import { SERVER_NAME, serverCertificate } from './server-certificate.ts';

const PORTS = { requests: 8080, sessions: 8081, sockets: 8082, secure: 8443 } as const;
const CHECK = { interval: 1, timeout: 1, rise: 2, fall: 3 };

/** A load balancer that does everything at once, and what stands behind it. */
export interface Everything {
  readonly vip: string;
  readonly authority: Identity;
  readonly changeable: Changeable;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startEverything(product: Product): Promise<Everything> {
  const origins = await startOrigins(4);
  const echo: EchoOrigin = await echoOrigin();
  const authority = issue({ commonName: 'authority', ca: true });
  const { id: certificateId } = await product.client.createCertificate({
    body: { name: 'server', ...serverCertificate(authority) },
  });
  const target = ({ port }: { readonly port: number }) => ({ address: '127.0.0.1', port });
  const [one, two] = origins.map(target);
  const created = await product.client.createLoadBalancer({
    body: {
      name: 'soak',
      targetGroups: [
        { name: 'changing', targets: origins.map(target) },
        { name: 'steady', targets: [one, two] },
      ],
      backendServices: [
        { name: 'changing', protocol: 'http', port: 80, targetGroup: 'changing', healthCheck: CHECK },
        { name: 'steady', protocol: 'http', port: 80, targetGroup: 'steady', healthCheck: CHECK },
        {
          name: 'sessions',
          protocol: 'http',
          port: 80,
          targetGroup: 'steady',
          healthCheck: CHECK,
          stickiness: { type: 'cookie' },
        },
      ],
      listeners: [
        { name: 'requests', protocol: 'http', port: PORTS.requests, backendService: 'changing' },
        { name: 'sessions', protocol: 'http', port: PORTS.sessions, backendService: 'sessions' },
        {
          name: 'sockets',
          protocol: 'http',
          port: PORTS.sockets,
          service: { targets: [target(echo)], healthCheck: { enabled: false } },
        },
        {
          name: 'secure',
          protocol: 'https',
          port: PORTS.secure,
          defaultCertificates: [certificateId],
          backendService: 'steady',
        },
      ],
    },
  });
  await product.applied(created);
  const idOf = (kind: string, name: string): string => {
    const found = created.created.find((object) => object.kind === kind && object.name === name);
    if (found === undefined) throw new Error(`no ${kind} ${name} was created`);
    return found.id;
  };
  await product.healthy(8);
  return {
    vip: created.vip,
    authority,
    changeable: {
      loadBalancerId: created.id,
      certificateId,
      authority,
      groupId: idOf('targetGroup', 'changing'),
      ports: origins.map(({ port }) => port),
      listeners: {
        requests: idOf('listener', 'requests'),
        sessions: idOf('listener', 'sessions'),
        sockets: idOf('listener', 'sockets'),
        secure: idOf('listener', 'secure'),
      },
      services: { changing: idOf('backendService', 'changing'), steady: idOf('backendService', 'steady') },
    },
    async [Symbol.asyncDispose]() {
      await echo.close();
      await Promise.all(origins.map((origin) => origin[Symbol.asyncDispose]()));
    },
  };
}

/** Clients of every kind; `share` of the full number. */
export function clientsOf({ vip, authority }: Everything, share: number): readonly Kind[] {
  const number = (full: number) => Math.max(2, Math.round(full * share));
  const tls = { authority: authority.certificate, serverName: SERVER_NAME };
  const http = { protocol: 'http', host: vip, path: '/', tls: null, fresh: false, sticky: false } as const;
  return [
    { ...http, name: 'keep-alive', clients: number(64), port: PORTS.requests, think: 40 },
    { ...http, name: 'connections', clients: number(8), port: PORTS.requests, think: 80, fresh: true },
    { ...http, name: 'sessions', clients: number(100), port: PORTS.sessions, think: 500, sticky: true },
    { ...http, name: 'TLS kept', clients: number(32), port: PORTS.secure, think: 200, tls },
    { ...http, name: 'TLS fresh', clients: number(4), port: PORTS.secure, think: 200, tls, fresh: true },
    { name: 'WebSockets', clients: number(200), protocol: 'websocket', host: vip, port: PORTS.sockets, think: 1_000 },
  ];
}
