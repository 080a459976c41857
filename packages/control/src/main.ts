import { join } from 'node:path';

/**
 * Compiled code is kept between starts, however this is started: without it, each thread translates every file anew. The
 * environment is where worker threads look. A folder that cannot be written only makes starts slower.
 */
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '..', '..', '..', 'node_modules', '.cache', 'compile');
process.getBuiltinModule('node:module').enableCompileCache(process.env['NODE_COMPILE_CACHE']);
await import('./program.ts');
