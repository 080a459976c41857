import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Moments of an upgrade at which a node agent is killed: as it is told to do something, or when it has said that it has
 * done so. Of the old one: freeze, frozen, pause, paused, retire; of the new one: standby, load, loaded, go.
 */
export const MOMENTS = ['freeze', 'frozen', 'pause', 'paused', 'retire', 'standby', 'load', 'loaded', 'go'] as const;
export type Moment = (typeof MOMENTS)[number];

/**
 * Code for `--import`: the node agent that comes first to the moment that the file names takes the file away and is
 * killed, before anything else happens in it.
 */
function code(file: string): string {
  return `
    import { readFileSync, rmSync } from 'node:fs';
    import { Socket } from 'node:net';
    import { isMainThread } from 'node:worker_threads';
    const isAgent = isMainThread && process.argv[1]?.includes('/packages/agent/src/main.ts');
    const dieAt = (text) => {
      let moment;
      try { moment = readFileSync(${JSON.stringify(file)}, 'utf8'); } catch { return; }
      if (!text.includes('"command":"' + moment + '"') && !text.includes('"event":"' + moment + '"')) return;
      rmSync(${JSON.stringify(file)});
      process.kill(process.pid, 'SIGKILL');
    };
    if (isAgent) {
      const { on, write } = Socket.prototype;
      Socket.prototype.on = function (event, listener) {
        if (event === 'data') on.call(this, event, (data) => typeof data === 'string' && dieAt(data));
        return on.call(this, event, listener);
      };
      Socket.prototype.write = function (data, ...rest) {
        const written = write.call(this, data, ...rest);
        if (typeof data === 'string') dieAt(data);
        return written;
      };
    }`;
}

/** Has node agents of one installation die when a test says so. */
export class DeathAt {
  readonly #file: string;
  readonly environment: Readonly<Record<string, string>>;

  /** `folder`: of the test's own. */
  constructor(folder: string) {
    this.#file = join(folder, 'dies-at');
    this.environment = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(code(this.#file))}` };
  }

  /** The next agent that comes there is killed. */
  await(moment: Moment): void {
    writeFileSync(this.#file, moment);
  }

  /** Whether one has been. */
  get happened(): boolean {
    return !existsSync(this.#file);
  }
}
