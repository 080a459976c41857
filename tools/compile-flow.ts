import { writeFileSync } from 'node:fs';
import {
  compile,
  compilerVersion,
  hashSources,
  MANIFEST,
  OBJECTS,
  objectPath,
} from '../packages/flow/src/build/compile.ts';

// Compiles the programs of packages/flow anew. Needs clang, llvm-strip and the headers of libbpf and the kernel: on
// Debian, apt-get install clang llvm libbpf-dev linux-libc-dev.
for (const program of OBJECTS) compile(program, objectPath(program));
const manifest = { sources: hashSources(), compiler: compilerVersion() };
writeFileSync(MANIFEST, `${JSON.stringify(manifest, null, 2)}\n`);
console.log(`compiled ${OBJECTS.join(', ')} with ${manifest.compiler}`);
