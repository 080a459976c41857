import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startNginx } from '../nginx.ts';
import { run } from '../process/children.ts';
import { hostOfRule } from '../rules.ts';
import { type Balancer, CIPHERS, CIPHERSUITES, type RunningBalancer, type Setup } from './balancer.ts';

/** Debian's nginx as a proxy. */
export const nginx: Balancer = {
  name: 'nginx',
  async version() {
    return (await run(['sh', '-c', 'nginx -v 2>&1'], { core: null })).trim().replace('nginx version: nginx/', 'nginx ');
  },
  async start(setup: Setup): Promise<RunningBalancer> {
    if (setup.tls !== undefined) {
      writeFileSync(join(setup.directory, 'server.crt'), setup.tls.certificate);
      writeFileSync(join(setup.directory, 'server.key'), setup.tls.key, { mode: 0o600 });
    }
    const child = await startNginx('nginx', configuration(setup), setup.directory, setup, setup.core);
    return { address: setup.address, port: setup.port, pids: () => child.pids, stop: () => child.stop() };
  },
};

/**
 * The log's fields are those of HAProxy's httplog. Buffers hold a large part of a 1 MB response in memory, and nothing
 * goes to temporary files, which a benchmark of the network must not measure.
 */
function configuration(setup: Setup): string {
  const servers = setup.origins.map((origin) => `    server ${origin.address}:${origin.port} weight=1;`);
  const secure = setup.tls === undefined ? '' : secureServer(setup.directory);
  const hosts = setup.rules === undefined ? '' : hostMap(setup.rules);
  const accessLog = join(setup.directory, 'access.log');
  return `
  log_format fields '$remote_addr:$remote_port [$time_local] $server_port $upstream_addr '
    '$request_time/$upstream_connect_time/$upstream_header_time/$upstream_response_time '
    '$status $bytes_sent $request_length $connection $connection_requests "$request" "$http_user_agent"';
  access_log ${accessLog} fields buffer=64k flush=1s;
  keepalive_timeout 120s;
  keepalive_requests 1000000000;
${hosts}  upstream origins {
${setup.sessions ? '    hash $cookie_session consistent;\n' : ''}${servers.join('\n')}
    keepalive 512;
    keepalive_requests 1000000000;
  }
  server {
    listen ${setup.address}:${setup.port} backlog=4096${setup.tls === undefined ? '' : ' ssl'};
${secure}
    location / {
      proxy_pass http://${setup.rules === undefined ? 'origins' : '$service'};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
${setup.sessions ? FORWARDED : ''}      proxy_buffers 16 16k;
      proxy_busy_buffers_size 64k;
      proxy_max_temp_file_size 0;
    }
  }
  server {
    listen ${setup.address}:${setup.metricsPort};
    access_log off;
    location = /metrics { stub_status; }
  }
`;
}

/** Which service a host is for. */
function hostMap(rules: number): string {
  const lines = Array.from({ length: rules }, (_, index) => `    ${hostOfRule(index)} origins;\n`);
  return `  map_hash_max_size 65536;\n  map $http_host $service {\n    default origins;\n${lines.join('')}  }\n`;
}

const FORWARDED = `      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Port $server_port;
      proxy_set_header X-Forwarded-Host $http_host;
`;

function secureServer(directory: string): string {
  return `    ssl_certificate ${join(directory, 'server.crt')};
    ssl_certificate_key ${join(directory, 'server.key')};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ${CIPHERS.join(':')};
    ssl_conf_command Ciphersuites ${CIPHERSUITES.join(':')};
    ssl_prefer_server_ciphers on;
    ssl_session_tickets on;
    ssl_session_timeout 1h;`;
}
