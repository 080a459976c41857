import { execFile } from 'node:child_process';
import { isIPv6 } from 'node:net';
import { promisify } from 'node:util';
import type { Logger } from 'pino';

const run = promisify(execFile);
const PATIENCE = 5_000;
/** Marks our routes among others (rtnetlink(7), rtm_protocol): none that is named. */
const PROTOCOL = '77';

/**
 * VIPs as routes of a routing table that is there for a routing daemon to read, and that no packet is looked up in. The
 * routes stay when this process dies, because the kernel goes on balancing.
 */
export class VipRoutes {
  readonly #table: string;
  readonly #log: Logger;
  #known: Set<string> | null = null;
  #last: Promise<void> = Promise.resolve();

  constructor(table: number, log: Logger) {
    this.#table = String(table);
    this.#log = log;
  }

  /** Brings the table to these VIPs, with what an earlier process has left in it; resolves when it is done. */
  set(addresses: readonly string[]): Promise<void> {
    const wanted = new Set(addresses);
    this.#last = this.#last.then(() => this.#bringTo(wanted));
    return this.#last;
  }

  /** Takes out all that are there but these, those of an earlier process too; resolves with how many there were. */
  retain(addresses: readonly string[]): Promise<number> {
    const kept = new Set(addresses);
    const done = this.#last.then(async () => {
      const known = await this.#there();
      const staying = known.filter((address) => kept.has(address));
      if (staying.length < known.length) await this.#bringTo(new Set(staying));
      return known.length - staying.length;
    });
    this.#last = done.then(() => undefined);
    return done;
  }

  /** Takes all out; resolves with how many there were. */
  withdraw(): Promise<number> {
    return this.retain([]);
  }

  /** None where they cannot be read: nobody can take them out then either. */
  async #there(): Promise<readonly string[]> {
    try {
      this.#known ??= await this.#read();
      return [...this.#known];
    } catch (error) {
      this.#log.error({ err: error, table: this.#table }, 'announced VIPs could not be read');
      return [];
    }
  }

  async #bringTo(wanted: ReadonlySet<string>): Promise<void> {
    try {
      this.#known ??= await this.#read();
      const known = this.#known;
      for (const address of known) {
        if (wanted.has(address)) continue;
        await this.#ip(address, 'del');
        known.delete(address);
      }
      for (const address of wanted) {
        if (known.has(address)) continue;
        await this.#ip(address, 'replace');
        known.add(address);
      }
    } catch (error) {
      this.#known = null; // read anew
      this.#log.error({ err: error, table: this.#table }, 'VIPs could not be announced as they should');
    }
  }

  async #ip(address: string, action: 'replace' | 'del'): Promise<void> {
    const [family, bits] = isIPv6(address) ? ['-6', 128] : ['-4', 32];
    const route = ['blackhole', `${address}/${bits}`, 'table', this.#table, 'proto', PROTOCOL];
    await run('ip', [family, 'route', action, ...route], { timeout: PATIENCE });
    this.#log.info({ vip: address }, action === 'del' ? 'a VIP is withdrawn' : 'a VIP is announced');
  }

  async #read(): Promise<Set<string>> {
    const found = new Set<string>();
    for (const family of ['-4', '-6']) {
      const args = [family, '-j', 'route', 'show', 'table', this.#table, 'proto', PROTOCOL];
      const { stdout } = await run('ip', args, { timeout: PATIENCE }).catch((error: { readonly stderr?: string }) => {
        // A table that nobody has written to yet.
        if (error.stderr?.includes('does not exist') === true) return { stdout: '[]' };
        throw error;
      });
      const routes = JSON.parse(stdout.trim() === '' ? '[]' : stdout) as { readonly dst?: string }[];
      for (const { dst } of routes) if (dst !== undefined) found.add(dst.split('/', 1)[0]!);
    }
    return found;
  }
}
