import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGE = join(import.meta.dirname, '..', '..');
const SOURCES = join(PACKAGE, 'bpf');

/** The entry points of the balancer. */
export const PROGRAMS = ['xdp', 'tcx'] as const;
export type ProgramFile = (typeof PROGRAMS)[number];
/** All that is compiled: the same for the end of a tunnel that targets have. */
export const OBJECTS = [...PROGRAMS, 'target-xdp', 'target-tcx'] as const;
export type ObjectFile = (typeof OBJECTS)[number];

/** Where the object lies that ships with this package. */
export function objectPath(program: ObjectFile): string {
  return join(PACKAGE, 'objects', `${program}.bpf.o`);
}

/** Says of the objects what they were made from and by what. */
export const MANIFEST = join(PACKAGE, 'objects', 'manifest.json');
export interface Manifest {
  readonly sources: string;
  readonly compiler: string;
}

/** A hash of all sources, names included. */
export function hashSources(): string {
  const hash = createHash('sha256');
  for (const name of globSync('*.{c,h}', { cwd: SOURCES }).sort()) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(SOURCES, name)))
      .update('\0');
  }
  return hash.digest('hex');
}

/** The first line of `clang --version`; throws where there is none. */
export function compilerVersion(): string {
  return execFileSync('clang', ['--version'], { encoding: 'utf8' }).split('\n', 1)[0]!.trim();
}

/**
 * Compiles one program for the instruction set of Linux 5.1 and later (v3: jumps on 32 bits), little endian whatever
 * machine this is, with type information (BTF) but without what only debuggers read. Its lines name the sources, not the
 * folder that they happened to lie in.
 */
export function compile(program: ObjectFile, output: string): void {
  compileSource(`${program}.bpf.c`, output);
}

/** The same for another source that includes ours. */
export function compileSource(input: string, output: string): void {
  const folders = globSync('/usr/include/*-linux-gnu').flatMap((folder) => ['-I', folder]);
  const flags = [
    '-O2',
    '-g',
    '-target',
    'bpfel',
    '-mcpu=v3',
    '-fdebug-compilation-dir=.',
    '-Wall',
    '-Wextra',
    '-Werror',
  ];
  // Both entry points have functions that need fewer parameters than the other, and sizes are compared with numbers.
  const accepted = ['-Wno-unused-parameter', '-Wno-sign-compare'];
  execFileSync('clang', [...flags, ...accepted, ...folders, '-I', '.', '-c', input, '-o', output], { cwd: SOURCES });
  execFileSync('llvm-strip', ['--strip-debug', output]);
}
