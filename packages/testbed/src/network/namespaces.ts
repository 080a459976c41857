import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';

/** Why network namespaces cannot be made here; false where they can. */
export const withoutNamespaces: string | false = (() => {
  const name = `evk-probe-${process.pid}`;
  try {
    ip('netns', 'add', name);
    ip('netns', 'del', name);
    return false;
  } catch (error) {
    return `network namespaces need root and iproute2: ${error instanceof Error ? error.message.split('\n')[0] : error}`;
  }
})();

/** One machine of a little network, as far as the network is concerned. */
export class Namespace {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
    ip('netns', 'add', name);
    this.ip('link', 'set', 'lo', 'up');
  }

  /** `ip` within it. */
  ip(...args: readonly string[]): void {
    ip('-n', this.name, ...args);
  }

  /** Runs a command within it and returns what it wrote; throws when it fails. */
  run(command: string, ...args: readonly string[]): string {
    return execFileSync('ip', ['netns', 'exec', this.name, command, ...args], { encoding: 'utf8', timeout: 20_000 });
  }

  /** Starts a command within it. */
  start(command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    return spawn('ip', ['netns', 'exec', this.name, command, ...args], options);
  }

  delete(): void {
    ip('netns', 'del', this.name);
  }
}

/** A cable between two namespaces; addresses in CIDR notation. */
export function link(left: Namespace, leftAddress: string, right: Namespace, rightAddress: string): void {
  const [a, b] = [`to-${right.name}`.slice(0, 15), `to-${left.name}`.slice(0, 15)];
  ip('link', 'add', a, 'netns', left.name, 'type', 'veth', 'peer', 'name', b, 'netns', right.name);
  left.ip('address', 'add', leftAddress, 'dev', a);
  right.ip('address', 'add', rightAddress, 'dev', b);
  left.ip('link', 'set', a, 'up');
  right.ip('link', 'set', b, 'up');
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
