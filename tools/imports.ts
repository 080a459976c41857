export interface Import {
  readonly specifier: string;
  /** `import type` and `export type`: nothing of it is left at run time. */
  readonly typeOnly: boolean;
}

const STATEMENT =
  /^[ \t]*(?:import|export)(\s+type(?=[\s{*]))?(?:\s[^'";]*?\sfrom|\s*\{[^'";]*\}\s*from|)\s*['"]([^'"\n]+)['"]/gm;
const CALL = /\bimport\(\s*['"]([^'"\n]+)['"]/g;

/** The modules that a TypeScript text imports or re-exports, `import()` with a literal and types included. */
export function importsOf(source: string): Import[] {
  const code = withoutComments(source);
  const found: Import[] = [];
  for (const match of code.matchAll(STATEMENT)) found.push({ specifier: match[2], typeOnly: match[1] !== undefined });
  // A module that is loaded when it is needed is no cycle at load time.
  for (const match of code.matchAll(CALL)) found.push({ specifier: match[1], typeOnly: true });
  return found;
}

/** Blanks whole-line and block comments; a `//` behind code cannot begin an import statement and may stay. */
function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^[ \t]*\/\/.*$/gm, '');
}
