import { readdirSync, readFileSync } from 'node:fs';
import { arch, cpus, release, totalmem, type } from 'node:os';

/** Where a result comes from. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** Whether it is a virtual machine. */
  readonly virtual: boolean;
  readonly memoryGiB: number;
  readonly system: string;
  readonly kernel: string;
  readonly node: string;
}

export function describeMachine(): Machine {
  const cores = cpus();
  return {
    cpu: `${cores[0]?.model.trim() ?? 'unknown'} (${arch()})`,
    cores: cores.length,
    virtual: / hypervisor( |$)/m.test(readFileSync('/proc/cpuinfo', 'latin1')),
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    system: /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown',
    kernel: `${type()} ${release()}`,
    node: process.version,
  };
}

/** Load balancers that run already and would disturb the measurements, such as a distribution's own service. */
export function otherBalancers(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ pid, program: programOf(pid) }))
    .filter(({ program }) => program === 'haproxy' || program === 'nginx')
    .map(({ pid, program }) => `${program} (process ${pid})`);
}

function programOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}
