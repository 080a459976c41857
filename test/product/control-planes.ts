import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '@evenkeel/client/client.ts';
import { trustingFetch } from '@evenkeel/client/trusting-fetch.ts';
import { PostgresServer } from '@evenkeel/testbed/postgres-server.ts';
import { Program } from './program.ts';
import { until } from './until.ts';

/** What control planes have in common. */
const SHARED = ['admin.json', 'node.json', 'secrets.key'];
/** Milliseconds for an answer. */
const PATIENCE = 10_000;
const PACKAGES = join(import.meta.dirname, '..', '..', 'packages');

/** One control plane of several, as a process with a home of its own. */
export interface Member {
  readonly program: Program;
  readonly home: string;
  readonly url: string;
  /** Of its certificate; null: there is no TLS. */
  readonly fingerprint: string | null;
  readonly fetch: ReturnType<typeof trustingFetch>;
  readonly client: Client;
}

/** Several control planes on one PostgreSQL, which is this one's alone, and a node agent that knows them all. */
export class ControlPlanes {
  readonly folder = mkdtempSync(join(tmpdir(), 'evenkeel-test-'));
  readonly server: PostgresServer;
  readonly members: Member[] = [];
  readonly #database: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #tls: boolean;
  #homes = 0;
  #agent: Program | null = null;

  /** `tls`: each makes a certificate of its own. */
  static async start(count: number, { tls = false } = {}): Promise<ControlPlanes> {
    const planes = new ControlPlanes(await PostgresServer.start(), tls);
    try {
      for (let i = 0; i < count; i++) await planes.add();
      return planes;
    } catch (error) {
      await planes[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(server: PostgresServer, tls: boolean) {
    this.server = server;
    this.#tls = tls;
    this.#database = server.createDatabase();
    const [second, third] = createHash('sha256').update(this.folder).digest();
    this.#environment = {
      EVENKEEL_DATABASE: this.#database,
      EVENKEEL_VIP_POOL: `127.${10 + (second! % 16)}.${third}.0/24`,
      // As many as a fast machine can create meanwhile.
      EVENKEEL_ELASTIC_IP_POOL: `127.${30 + (second! % 16)}.0.0/16`,
    };
  }

  /** Starts one more. All have the tokens and the key of the first, as the guide says. */
  async add(): Promise<Member> {
    const home = join(this.folder, `control-${this.#homes++}`);
    const [first, own] = [join(this.folder, 'control-0', 'credentials'), join(home, 'credentials')];
    mkdirSync(own, { recursive: true });
    if (first !== own) for (const file of SHARED) cpSync(join(first, file), join(own, file));
    return this.#start(home, '0');
  }

  /** Starts one that was killed, where it was. */
  revive({ home, url }: Member): Promise<Member> {
    return this.#start(home, new URL(url).port);
  }

  async #start(home: string, port: string): Promise<Member> {
    const flags = ['--home', home, '--port', port, '--log-level', 'info', '--quota', 'elasticIps=50000'];
    const main = join(PACKAGES, 'control', 'src', 'main.ts');
    const program = new Program(main, [...flags, ...(this.#tls ? ['--api-self-signed'] : [])], this.#environment);
    const ready = await program.ready;
    const url = String(ready['url']);
    const { token } = JSON.parse(readFileSync(join(home, 'credentials', 'admin.json'), 'utf8')) as { token: string };
    const fingerprint = this.#tls ? String(ready['fingerprint']) : null;
    const fetch = trustingFetch(fingerprint === null ? {} : { fingerprint });
    const member = { program, home, url, fingerprint, fetch, client: createClient({ url, token, fetch }) };
    this.members.push(member);
    return member;
  }

  /** The one that leads; waits for it. */
  async leader(): Promise<Member> {
    let leader: Member | undefined;
    await until('one leads', async () => {
      const leads = await Promise.all(this.members.map((member) => this.#leads(member)));
      leader = this.members[leads.indexOf(true)];
      return leader !== undefined;
    });
    return leader!;
  }

  async followers(): Promise<Member[]> {
    const leader = await this.leader();
    return this.members.filter((member) => member !== leader);
  }

  /** Ends one at once. */
  async kill(member: Member): Promise<void> {
    this.members.splice(this.members.indexOf(member), 1);
    await member.program.kill();
  }

  /** A node agent that is told of the control planes that there are now, with a copy of what nodes share. */
  async startAgent(): Promise<Program> {
    const home = join(this.folder, 'agent');
    mkdirSync(home);
    cpSync(join(this.folder, 'control-0', 'credentials'), join(home, 'credentials'), { recursive: true });
    return this.#run(home, this.members, {});
  }

  /** One that joins, at the first of those that it is told of. */
  joinAgent(token: string, members: readonly Member[]): Promise<Program> {
    return this.#run(join(this.folder, 'agent'), members, { EVENKEEL_JOIN_TOKEN: token });
  }

  async #run(home: string, members: readonly Member[], env: Readonly<Record<string, string>>): Promise<Program> {
    const urls = members.map(({ url }) => url).join(',');
    const flags = ['--home', home, '--control-url', urls, '--metrics-port', '0', '--workers', '1'];
    this.#agent = new Program(join(PACKAGES, 'agent', 'src', 'main.ts'), flags, env);
    await this.#agent.ready;
    return this.#agent;
  }

  async #leads({ url, fetch }: Member): Promise<boolean> {
    const request = { method: 'GET', headers: {}, body: null, signal: AbortSignal.timeout(PATIENCE) };
    const response = await fetch(`${url}/metrics`, request).catch(() => null);
    return response !== null && /^evenkeel_control_leading 1$/m.test(await response.text().catch(() => ''));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#agent?.kill(), ...this.members.map(({ program }) => program.kill())]);
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
