import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { cyclesOf } from './import-cycles.ts';
import { importsOf } from './imports.ts';

/**
 * Which packages a package may import from. Dependencies point one way: the model knows nobody, a data plane knows only
 * the model, and the two halves of the product (control plane and node agent) never see each other's code.
 */
export const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  model: [],
  proxy: ['model'],
  flow: ['model'],
  agent: ['model', 'proxy', 'flow'],
  control: ['model'],
  compat: ['model', 'control'],
  client: ['model'],
  console: ['client'],
  cli: ['client', 'model'],
  testbed: ['model', 'proxy', 'flow'],
};

/** What the product imports for types alone, because loading it takes long, and what to use instead. */
const TYPES_ONLY: Readonly<Record<string, string>> = {
  typebox: '@evenkeel/model/type.ts',
  'node:http': "process.getBuiltinModule('node:http')",
};

export interface Sources {
  /** Paths relative to the root, with `/`. */
  readonly files: readonly string[];
  read(path: string): string;
}

/**
 * Everything that is wrong with the imports of the packages, a sentence each: a direction that is not allowed, a path
 * that leaves its package, a dependency that package.json
 * does not name or names for nothing, a test tool in product code, a cycle of files.
 */
export function checkImports(sources: Sources): string[] {
  const problems: string[] = [];
  const graph = new Map<string, string[]>();
  const known = new Set(sources.files);
  const declared = new Map<string, Set<string>>();
  const unused = new Map<string, Set<string>>();

  for (const file of sources.files) {
    const [, name] = file.split('/');
    if (!file.startsWith('packages/') || name === undefined || !file.endsWith('.ts')) continue;
    const allowed = ALLOWED[name];
    if (allowed === undefined) {
      problems.push(`${file}: package ${name} is not in the table of allowed directions`);
      continue;
    }
    if (!declared.has(name)) {
      declared.set(name, declaredBy(sources, name));
      unused.set(name, new Set(declared.get(name)));
    }
    const isTest = /\.(test|fuzz)\.ts$/.test(file) || file.startsWith(`packages/${name}/test/`);
    const edges: string[] = [];
    graph.set(file, edges);

    for (const { specifier, typeOnly } of importsOf(sources.read(file))) {
      if (specifier.startsWith('.')) {
        const path = join(dirname(file), specifier);
        if (!path.startsWith(`packages/${name}/`)) problems.push(`${file}: ${specifier} leaves the package`);
        else if (!known.has(path) && path.endsWith('.ts')) problems.push(`${file}: ${specifier} does not exist`);
        else if (!typeOnly) edges.push(path);
        continue;
      }
      unused.get(name)?.delete(packageOf(specifier));
      const instead = TYPES_ONLY[packageOf(specifier)];
      if (instead !== undefined && !typeOnly && !isTest && name !== 'testbed') {
        problems.push(`${file}: ${specifier} is for its types alone: use ${instead}, or \`import type\``);
      }
      const problem = externalProblem(specifier, name, isTest, declared.get(name) ?? new Set());
      if (problem !== null) problems.push(`${file}: ${problem}`);
    }
  }

  for (const [name, dependencies] of unused) {
    for (const dependency of dependencies) {
      problems.push(`packages/${name}/package.json: nobody imports ${dependency}`);
    }
  }
  for (const cycle of cyclesOf(graph)) problems.push(`cycle of files: ${cycle.join(' → ')}`);
  return problems.sort();
}

function externalProblem(
  specifier: string,
  name: string,
  isTest: boolean,
  declared: ReadonlySet<string>,
): string | null {
  if (specifier.startsWith('node:')) return null;
  const dependency = packageOf(specifier);
  if (dependency.startsWith('@evenkeel/')) {
    const other = dependency.slice('@evenkeel/'.length);
    if (other === name) return `${specifier} is this package itself: use a relative path`;
    if (isTest && other === 'testbed') return null;
    if (!ALLOWED[name].includes(other)) return `${name} may not import ${other}`;
  }
  return isTest || declared.has(dependency) ? null : `${dependency} is not in packages/${name}/package.json`;
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function declaredBy(sources: Sources, name: string): Set<string> {
  const manifest = JSON.parse(sources.read(`packages/${name}/package.json`)) as Record<string, object | undefined>;
  return new Set(
    ['dependencies', 'optionalDependencies', 'devDependencies'].flatMap((kind) => Object.keys(manifest[kind] ?? {})),
  );
}

/** The files of the packages below `root`. */
export function sourcesBelow(root: string): Sources {
  const files = globSync('packages/*/{src,test}/**/*.{ts,tsx}', {
    cwd: root,
    exclude: (path) => path.includes('node_modules'),
  });
  return {
    files: files.map((path) => relative(root, join(root, path))),
    read: (path) => readFileSync(join(root, path), 'utf8'),
  };
}

if (import.meta.main) {
  const problems = checkImports(sourcesBelow(join(import.meta.dirname, '..')));
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
