import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from '../process/children.ts';
import { freePorts } from '../process/ports.ts';
import { type Checker, type CheckerSetup, INTERVAL_SECONDS } from './checker.ts';

const HOST = '127.0.0.1';

export async function startHaproxy({ directory, targets, core }: CheckerSetup): Promise<Checker> {
  const [port] = await freePorts(HOST, 1);
  const file = join(directory, 'haproxy.cfg');
  const servers = targets.map(
    ({ address, port: at }, index) => `  server s${index} ${address}:${at} check inter ${INTERVAL_SECONDS}s`,
  );
  writeFileSync(
    file,
    `global
  nbthread 1
  maxconn 1000
  spread-checks 5

defaults
  mode http
  timeout connect 3s
  timeout client 60s
  timeout server 60s
  timeout check 3s

frontend clients
  bind ${HOST}:${port}
  default_backend targets

backend targets
  option httpchk GET /
${servers.join('\n')}
`,
  );
  const child = new Child('haproxy', ['haproxy', '-db', '-f', file], { log: join(directory, 'haproxy.log'), core });
  await child.listening(HOST, port);
  return { name: 'haproxy', turnTo: null, pids: () => child.pids, stop: () => child.stop() };
}
