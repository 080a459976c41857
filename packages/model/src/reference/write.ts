import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PAGES } from './pages.ts';

/** Writes the generated parts of docs/api. */
const directory = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'api');
for (const { file, make } of PAGES) {
  const path = join(directory, file);
  writeFileSync(path, make(existsSync(path) ? readFileSync(path, 'utf8') : ''));
}
