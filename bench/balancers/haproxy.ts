import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child, run } from '../process/children.ts';
import { hostOfRule } from '../rules.ts';
import { type Balancer, CIPHERS, CIPHERSUITES, MAX_CONNECTIONS, type RunningBalancer, type Setup } from './balancer.ts';

/** Debian's HAProxy. */
export const haproxy: Balancer = {
  name: 'haproxy',
  async version() {
    return (await run(['haproxy', '-v'], { core: null })).split('\n', 1)[0].replace(/ - .*/, '');
  },
  async start(setup: Setup): Promise<RunningBalancer> {
    const file = join(setup.directory, 'haproxy.cfg');
    if (setup.rules !== undefined) writeFileSync(mapOf(setup), mapFile(setup.rules));
    writeFileSync(file, configuration(setup));
    if (setup.tls !== undefined) writeFileSync(pemOf(setup), setup.tls.certificate + setup.tls.key, { mode: 0o600 });
    // -db: in the foreground.
    const child = new Child('haproxy', ['haproxy', '-db', '-f', file], {
      log: join(setup.directory, 'haproxy.log'),
      core: setup.core,
    });
    await child.listening(setup.address, setup.port);
    return { address: setup.address, port: setup.port, pids: () => child.pids, stop: () => child.stop() };
  },
};

/**
 * The access log goes to a ring in a mapped file: the cheapest way to a file that HAProxy has, measured against standard
 * output and a datagram socket, which cost it a system call for each request.
 */
function configuration(setup: Setup): string {
  const servers = setup.origins.map(
    (origin, index) =>
      `  server origin${index} ${origin.address}:${origin.port} weight 1 check inter 5s${setup.sessions ? ` cookie o${index}` : ''}`,
  );
  const suites = `ciphers ${CIPHERS.join(':')} ciphersuites ${CIPHERSUITES.join(':')}`;
  const secure = setup.tls === undefined ? '' : ` ssl crt ${pemOf(setup)} alpn http/1.1 ssl-min-ver TLSv1.2 ${suites}`;
  const ruled =
    setup.rules === undefined ? '' : `  use_backend %[req.hdr(host),lower,map_str(${mapOf(setup)},origins)]\n`;
  const sessions = setup.sessions ? `  cookie SRV insert indirect nocache\n${FORWARDED}` : '';
  return `global
  nbthread 1
  maxconn ${MAX_CONNECTIONS}
  no strict-limits
  log ring@access format raw local0

ring access
  format raw
  maxlen 2048
  size 16777216
  backing-file ${join(setup.directory, 'access.ring')}

defaults
  mode http
  option forwardfor
  option http-keep-alive
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s
  timeout http-request 10s
  timeout http-keep-alive 120s

frontend clients
  bind ${setup.address}:${setup.port} maxconn ${MAX_CONNECTIONS} backlog 4096${secure}
  log global
  option httplog
${ruled}  default_backend origins

backend origins
  balance roundrobin
${sessions}${servers.join('\n')}

frontend metrics
  bind ${setup.address}:${setup.metricsPort}
  http-request use-service prometheus-exporter if { path /metrics }
`;
}

function mapOf(setup: Setup): string {
  return join(setup.directory, 'hosts.map');
}

function mapFile(rules: number): string {
  return Array.from({ length: rules }, (_, index) => `${hostOfRule(index)} origins\n`).join('');
}

/** What targets are told, as Evenkeel does it. */
const FORWARDED = `  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Port %[dst_port]
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
`;

function pemOf(setup: Setup): string {
  return join(setup.directory, 'server.pem');
}
