import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MAX_CONNECTIONS } from './balancers/balancer.ts';
import { Child } from './process/children.ts';

/**
 * Starts nginx with one worker in the foreground; `http` is the inside of its http block, `prefix` a command that runs
 * another one.
 */
export async function startNginx(
  name: string,
  http: string,
  directory: string,
  endpoint: { readonly address: string; readonly port: number },
  core: number | null,
  prefix: readonly string[] = [],
): Promise<Child> {
  const file = join(directory, 'nginx.conf');
  const log = join(directory, 'error.log');
  writeFileSync(file, configuration(http, directory));
  const child = new Child(name, [...prefix, 'nginx', '-p', directory, '-c', file, '-e', log], { log, core });
  await child.listening(endpoint.address, endpoint.port);
  return child;
}

function configuration(http: string, directory: string): string {
  // Every path inside the directory: the built-in ones belong to root and to Debian's own service.
  const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path ${join(directory, kind)};`,
  );
  return `${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${join(directory, 'nginx.pid')};
error_log ${join(directory, 'error.log')} error;
events { worker_connections ${MAX_CONNECTIONS + 1_000}; }
http {
${scratch.join('\n')}
  server_tokens off;
  tcp_nodelay on;
${http}}
`;
}
