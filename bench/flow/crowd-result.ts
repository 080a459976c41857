import { asMarkdown } from '../table.ts';
import type { Concurrency } from './concurrency.ts';
import type { TableGrowth } from './flow-table.ts';
import { type Found, factsOf, type Marks, type Run, saveFlowResult } from './saved-result.ts';

const MEBIBYTE = 1024 * 1024;

/** Live connections through the real program, in one mode. */
export interface CrowdResult extends Run, Concurrency {}

/** NAT that writes every connection down, with ever more of them. */
export interface TableResult extends Run, TableGrowth {}

/** Writes the result and its chapter in docs/benchmarks.md. Gives the path. */
export function saveCrowd(found: Found<CrowdResult>): string {
  return saveFlowResult(found, marksOf(found.scenario), chapterOfCrowd);
}

export function saveTable(found: Found<TableResult>): string {
  return saveFlowResult(found, marksOf(found.scenario), chapterOfTable);
}

function marksOf(scenario: string): Marks {
  return {
    begin: `<!-- ${scenario}: written by \`npm run bench:flow -- --flows N --save\`, do not edit -->`,
    end: `<!-- end of ${scenario} -->`,
  };
}

export function chapterOfCrowd(result: CrowdResult): string {
  return [`### ${result.scenario}`, `${result.title}.`, bodyOfCrowd(result), factsOf(result)].join('\n\n');
}

export function chapterOfTable(result: TableResult): string {
  return [`### ${result.scenario}`, `${result.title}.`, bodyOfTable(result), factsOf(result)].join('\n\n');
}

export function bodyOfCrowd(result: Concurrency): string {
  const rows = result.chapters.map(({ what, nanoseconds, wrong, written, bytes }) => [
    what,
    nanoseconds.toFixed(0),
    count(wrong),
    count(written),
    (bytes / MEBIBYTE).toFixed(1),
  ]);
  const table = asMarkdown([['', 'ns a packet', 'at another target', 'written down', 'MiB of state'], ...rows]);
  return `${ratioLine(result)}\n\n${table}`;
}

export function bodyOfTable(result: TableGrowth): string {
  const rows = result.sizes.map(({ flows, opening, following, wrong, written, bytes }) => [
    count(flows),
    opening.toFixed(0),
    following.toFixed(0),
    count(wrong),
    count(written),
    (bytes / MEBIBYTE).toFixed(1),
  ]);
  const head = ['connections', 'ns a SYN', 'ns a packet after it', 'at another target', 'written down', 'MiB of state'];
  const table = asMarkdown([head, ...rows]);
  return `${slopeLine(result)}\n\n${table}`;
}

export function ratioLine({ samples, ratio, limit, few, flows }: Concurrency): string {
  const told = (values: readonly number[]) => values.map((value) => value.toFixed(0)).join(', ');
  const verdict = ratio <= limit ? '' : ', missed';
  return [
    `A packet in an unchanged slot with ${count(flows)} connections: ${told(samples.all)} ns`,
    `with ${count(few)}, in turns: ${told(samples.few)} ns`,
    `ratio ${ratio.toFixed(2)}, limit ${limit}${verdict}.`,
  ].join('; ');
}

export function slopeLine({ slope, bytesPerFlow, refused }: TableGrowth): string {
  const cost = `Ten times as many connections make a packet ${slope.toFixed(0)} ns dearer`;
  const memory = refused === 0 ? '' : ` There was no memory for ${count(refused)} more.`;
  return `${cost}, and each takes ${bytesPerFlow.toFixed(0)} bytes.${memory}`;
}

function count(number: number): string {
  return number.toLocaleString('en');
}
