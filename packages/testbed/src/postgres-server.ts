import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { locate } from './requirements.ts';

/** Users that the server may run as when this process is root, which it refuses to be. */
const USERS = ['postgres', 'nobody'];
/** Milliseconds to wait for a start. */
const START = 60_000;

/** What to give as the `skip` of a test that needs PostgreSQL; see `requires`. */
export function requiresPostgres(): false | string {
  if (process.env['EVENKEEL_REQUIRE_ALL'] === '1') return false;
  return serverFolder() === null && 'not installed: postgresql';
}

/** Where the programs of the newest PostgreSQL are, or null. Debian keeps them out of the PATH. */
function serverFolder(): string | null {
  const versions = globSync('/usr/lib/postgresql/*/bin/initdb').map(dirname);
  const version = (folder: string) => Number(basename(dirname(folder)));
  const [newest] = versions.sort((a, b) => version(b) - version(a));
  const inPath = locate('initdb');
  return newest ?? (inPath === null ? null : dirname(inPath));
}

/**
 * A PostgreSQL of its own: in a temporary folder, on a socket there and on no port, as an ordinary user. It is gone with
 * `stop`, and with this process.
 */
export class PostgresServer {
  readonly #folder: string;
  readonly #programs: string;
  readonly #as: { readonly uid?: number; readonly gid?: number };
  #process: ChildProcess | null = null;
  #databases = 0;

  static async start(): Promise<PostgresServer> {
    const programs = serverFolder();
    if (programs === null) throw new Error('PostgreSQL is not installed');
    const server = new PostgresServer(programs);
    try {
      const settings = ['--no-sync', '--auth=trust', '--username=evenkeel', '--encoding=UTF8', '--locale=C.UTF-8'];
      server.#run('initdb', [...settings, '-D', server.#data]);
      await server.resume();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  private constructor(programs: string) {
    this.#programs = programs;
    this.#folder = mkdtempSync(join(tmpdir(), 'evenkeel-postgres-'));
    this.#as = process.getuid?.() === 0 ? ordinaryUser() : {};
    if (this.#as.uid !== undefined) chownSync(this.#folder, this.#as.uid, this.#as.gid!);
    process.once('exit', () => this.#process?.kill('SIGQUIT'));
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  /** Makes an empty database; the URL is for `--database`. */
  createDatabase(): string {
    const name = `test_${++this.#databases}`;
    this.query('postgres', `create database ${name}`);
    return `postgres://evenkeel@localhost/${name}?host=${this.#folder}`;
  }

  /** Carries out statements, as psql does; the rows as text. */
  query(database: string, statements: string): string {
    return this.#run('psql', [
      '-X',
      '-At',
      '-v',
      'ON_ERROR_STOP=1',
      '-h',
      this.#folder,
      '-U',
      'evenkeel',
      '-c',
      statements,
      database,
    ]);
  }

  /** Starts it (again); resolves when it answers. */
  async resume(): Promise<void> {
    const settings = [
      'listen_addresses=',
      `unix_socket_directories=${this.#folder}`,
      'max_connections=60',
      'fsync=off',
    ];
    const server = spawn(
      join(this.#programs, 'postgres'),
      ['-D', this.#data, ...settings.flatMap((text) => ['-c', text])],
      {
        ...this.#as,
        stdio: ['ignore', 'ignore', 'pipe'],
        cwd: '/',
      },
    );
    this.#process = server;
    let log = '';
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-4_000);
    });
    for (const end = performance.now() + START; ; ) {
      if (server.exitCode !== null) throw new Error(`PostgreSQL did not start: ${log}`);
      if (log.includes('ready to accept connections')) return;
      if (performance.now() > end) throw new Error(`PostgreSQL does not answer: ${log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Ends it as a crash of its machine would, but keeps its files. */
  async crash(): Promise<void> {
    const server = this.#process;
    if (server === null || server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGQUIT');
    await once(server, 'exit');
    this.#process = null;
  }

  async stop(): Promise<void> {
    await this.crash();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #run(program: string, args: readonly string[]): string {
    return execFileSync(join(this.#programs, program), args, {
      ...this.#as,
      cwd: '/',
      encoding: 'utf8',
      stdio: 'pipe',
    });
  }
}

function ordinaryUser(): { uid: number; gid: number } {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const user of USERS) {
    const fields = lines.map((line) => line.split(':')).find(([name]) => name === user);
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error(`PostgreSQL does not run as root, and there is no user ${USERS.join(' or ')}`);
}
