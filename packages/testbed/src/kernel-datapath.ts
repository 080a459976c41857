import { globSync } from 'node:fs';
import { requires } from './requirements.ts';

/**
 * What to give as the `skip` of a test that loads programs into the kernel: false when that can work here, else the
 * reason. `programs` are needed as well. In continuous integration it is always false (see `requires`).
 */
export function requiresKernelDatapath(...programs: string[]): false | string {
  if (process.env.EVENKEEL_REQUIRE_ALL === '1') return false;
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root';
  const libraries = globSync(['/usr/lib/*-linux-gnu/libbpf.so.1', '/usr/lib64/libbpf.so.1', '/usr/lib/libbpf.so.1']);
  if (libraries.length === 0) return 'not installed: libbpf.so.1 (libbpf1)';
  return requires(...programs);
}
