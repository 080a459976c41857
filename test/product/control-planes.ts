import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '@evenkeel/client/client.ts';
import { PostgresServer } from '@evenkeel/testbed/postgres-server.ts';
import { Program } from './program.ts';
import { until } from './until.ts';

const PACKAGES = join(import.meta.dirname, '..', '..', 'packages');

/** One control plane of several, as a process with a home of its own. */
export interface Member {
  readonly program: Program;
  readonly url: string;
  readonly client: Client;
}

/** Several control planes on one PostgreSQL, which is this one's alone, and a node agent that knows them all. */
export class ControlPlanes {
  readonly folder = mkdtempSync(join(tmpdir(), 'evenkeel-test-'));
  readonly server: PostgresServer;
  readonly members: Member[] = [];
  readonly #database: string;
  readonly #environment: Readonly<Record<string, string>>;
  #homes = 0;
  #agent: Program | null = null;

  static async start(count: number): Promise<ControlPlanes> {
    const planes = new ControlPlanes(await PostgresServer.start());
    try {
      for (let i = 0; i < count; i++) await planes.add();
      return planes;
    } catch (error) {
      await planes[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(server: PostgresServer) {
    this.server = server;
    this.#database = server.createDatabase();
    const [second, third] = createHash('sha256').update(this.folder).digest();
    this.#environment = {
      EVENKEEL_DATABASE: this.#database,
      EVENKEEL_VIP_POOL: `127.${10 + (second! % 16)}.${third}.0/24`,
      // As many as a fast machine can create meanwhile.
      EVENKEEL_ELASTIC_IP_POOL: `127.${30 + (second! % 16)}.0.0/16`,
    };
  }

  /** Starts one more. All have the credentials of the first. */
  async add(): Promise<Member> {
    const home = join(this.folder, `control-${this.#homes}`);
    mkdirSync(home);
    const [first, own] = [join(this.folder, 'control-0', 'credentials'), join(home, 'credentials')];
    if (this.#homes++ > 0) cpSync(first, own, { recursive: true });
    const main = join(PACKAGES, 'control', 'src', 'main.ts');
    const program = new Program(
      main,
      ['--home', home, '--port', '0', '--log-level', 'info', '--quota', 'elasticIps=50000'],
      this.#environment,
    );
    const url = String((await program.ready)['url']);
    const { token } = JSON.parse(readFileSync(join(own, 'admin.json'), 'utf8')) as { token: string };
    const member = { program, url, client: createClient({ url, token }) };
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

  /** A node agent that is told of the control planes that there are now. */
  async startAgent(): Promise<Program> {
    const home = join(this.folder, 'agent');
    mkdirSync(home);
    cpSync(join(this.folder, 'control-0', 'credentials'), join(home, 'credentials'), { recursive: true });
    const flags = [
      '--control-url',
      this.members.map(({ url }) => url).join(','),
      '--metrics-port',
      '0',
      '--workers',
      '1',
    ];
    this.#agent = new Program(join(PACKAGES, 'agent', 'src', 'main.ts'), ['--home', home, ...flags], {});
    await this.#agent.ready;
    return this.#agent;
  }

  async #leads({ url }: Member): Promise<boolean> {
    const response = await fetch(new URL('/metrics', url)).catch(() => null);
    return response !== null && /^evenkeel_control_leading 1$/m.test(await response.text());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#agent?.kill(), ...this.members.map(({ program }) => program.kill())]);
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
