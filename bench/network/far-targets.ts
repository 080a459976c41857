import { execFileSync } from 'node:child_process';
import { Namespace, withoutNamespaces } from '@evenkeel/testbed/network/namespaces.ts';

/** For benchmarks of networks (RFC 2544): nobody's addresses. */
const TARGETS = [198, 18] as const;
const NETWORK = `${TARGETS.join('.')}.0.0/15`;
/** The ends of the cable. */
const [HERE, THERE] = ['169.254.198.1', '169.254.198.2'];

/** Why there can be none here; false where there can. */
export const withoutFarTargets: string | false = withoutNamespaces;

/**
 * A machine of its own for targets, as far as the kernel is concerned: a network namespace at the other end of a cable
 * (veth), to which 131,072 addresses belong. Without more, the sender's core would do the receiver's work as well, as on
 * the loopback interface; receive packet steering has each side's done on a core of its own.
 */
export class FarTargets {
  readonly #namespace: Namespace;
  readonly #onExit = (): void => this.#namespace.delete();

  /** @param here the core of those who ask @param there the core of the targets */
  constructor(here: number, there: number) {
    const [near, far] = [`evk${process.pid}`, 'cable'];
    this.#namespace = new Namespace(`evenkeel-bench-${process.pid}`);
    // The cable and the way to it go with the namespace.
    process.once('exit', this.#onExit);
    const { name } = this.#namespace;
    ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name);
    ip('address', 'add', `${HERE}/30`, 'dev', near);
    this.#namespace.ip('address', 'add', `${THERE}/30`, 'dev', far);
    ip('link', 'set', near, 'up');
    this.#namespace.ip('link', 'set', far, 'up');
    // In place of what a run left behind that was killed.
    ip('route', 'replace', NETWORK, 'via', THERE, 'dev', near);
    this.#namespace.ip('route', 'add', 'local', NETWORK, 'dev', 'lo');
    execFileSync('sh', ['-c', steering(near, here)]);
    this.#namespace.run('sh', '-c', steering(far, there));
  }

  /** The command that runs another one there. */
  get prefix(): readonly string[] {
    return ['ip', 'netns', 'exec', this.#namespace.name];
  }

  /** One of the addresses there; `index` from 0 to 131,071. */
  address(index: number): string {
    return `${TARGETS[0]}.${TARGETS[1] + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;
  }

  /** Processes there have to have ended. */
  remove(): void {
    process.off('exit', this.#onExit);
    this.#namespace.delete();
  }
}

/** Has what comes through a device received on one core. */
function steering(device: string, core: number): string {
  const mask = (2 ** core).toString(16);
  return `for queue in /sys/class/net/${device}/queues/rx-*; do echo ${mask} > $queue/rps_cpus; done`;
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
