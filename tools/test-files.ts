import { globSync } from 'node:fs';
import { join, relative } from 'node:path';

const PATTERN = '{bin,tools,packages/*/src,packages/*/test,test,bench}/**/*.test.{ts,mjs}';

/** The test files below `root`, as absolute paths: all, or those in the given folders or files. */
export function findTests(root: string, parts: readonly string[]): string[] {
  const wanted = parts.map((part) => relative(root, join(root, part)));
  return globSync(PATTERN, { cwd: root, exclude: (path) => path.includes('node_modules') })
    .filter((path) => wanted.length === 0 || wanted.some((part) => path === part || path.startsWith(`${part}/`)))
    .sort()
    .map((path) => join(root, path));
}
