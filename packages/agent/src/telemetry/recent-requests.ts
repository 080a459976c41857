import type { RecentRequestsQuestion, RequestsAnswer } from '@evenkeel/model/plan/query.ts';
import { LineStore } from './line-store.ts';

/** Bytes that are kept of the lines of all requests, more than a worker's ring holds, and apart from them of those that failed. */
const OF_ALL = 8 * 1024 * 1024;
const OF_FAILURES = 8 * 1024 * 1024;
/** Lines in one answer. */
const MOST = 20;

/** How a line ends whose request or connection ended as it should. */
const WELL = Buffer.from('"reason":"none"}\n');
/** How each line begins, and what is nowhere else in it: the log escapes quotes. */
const LINE = Buffer.from('{"time":"');
/** A request that was answered with a status of 500 or more failed, whoever is to blame. */
const STATUS = Buffer.from('"status":5');

/**
 * What ended lately on this node, by identifier of the request: lines of the access log as they were written, in memory
 * of a fixed size. Failures have a place of their own, so that no number of requests that went well pushes them out.
 * There is no index: a line costs a copy when it comes, and looking for one means a search through all of them.
 */
export class RecentRequests {
  readonly #all: LineStore;
  readonly #failures: LineStore;

  constructor(bytesOfAll: number = OF_ALL, bytesOfFailures: number = OF_FAILURES) {
    this.#all = new LineStore(bytesOfAll);
    this.#failures = new LineStore(bytesOfFailures);
  }

  /** Whether this many bytes of lines would lie right behind those that came last. */
  hasRoom(length: number): boolean {
    return this.#all.hasRoom(length);
  }

  /**
   * Complete lines of the access log, no more than a worker's ring holds, which are copied; returns the copy, which stays
   * until the memory has gone round. Usually none of them fails, and nobody looks at each.
   */
  add(lines: Uint8Array, mayHaveFailures: boolean): Uint8Array {
    const kept = this.#all.add(lines);
    if (mayHaveFailures) this.#addFailures(kept);
    return kept;
  }

  #addFailures(bytes: Buffer): void {
    // The next status of a failure, wherever that is: looked for once, not in each line again up to the end.
    let status = bytes.indexOf(STATUS);
    for (let start = 0; start < bytes.length; ) {
      const end = bytes.indexOf(10, start) + 1;
      if (end === 0) return;
      if (status >= 0 && status < start) status = bytes.indexOf(STATUS, start);
      const failed = (status >= 0 && status < end) || !endsWell(bytes, start, end);
      if (failed) this.#failures.add(bytes.subarray(start, end));
      start = end;
    }
  }

  /** Requests with this identifier, as the log had it, the newest first. */
  find(requestId: string): RequestsAnswer {
    const needle = Buffer.from(`"request_id":"${escaped(requestId)}"`);
    const found = new Set<string>();
    for (const store of [this.#all, this.#failures]) {
      for (const line of store.find(needle, MOST)) found.add(line);
    }
    return { lines: newestFirst(found).slice(0, MOST), since: timeOf(this.#all.oldest) };
  }

  /** The newest requests, of one listener or of all. */
  newest({ outcome, listenerId, loadBalancers, limit }: RecentRequestsQuestion): RequestsAnswer {
    const store = outcome === 'failed' ? this.#failures : this.#all;
    const needle = listenerId === null ? LINE : Buffer.from(`"listener":"${escaped(listenerId)}"`);
    const wanted = loadBalancers && ofLoadBalancers(new Set(loadBalancers.ids), loadBalancers.shown);
    return { lines: newestFirst(store.find(needle, limit, wanted)), since: timeOf(store.oldest) };
  }
}

/** Whether a line is of one of these load balancers, or of none of them. */
function ofLoadBalancers(ids: ReadonlySet<string>, shown: boolean): (line: string) => boolean {
  return (line) => ids.has(/"load_balancer":"([^"]*)"/.exec(line)?.[1] ?? '') === shown;
}

function newestFirst(found: Iterable<string>): Readonly<Record<string, unknown>>[] {
  const lines = Array.from(found, (line) => JSON.parse(line) as Record<string, unknown>);
  return lines.sort((a, b) => (String(a['time']) < String(b['time']) ? 1 : -1));
}

function endsWell(bytes: Buffer, start: number, end: number): boolean {
  return end - WELL.length >= start && bytes.compare(WELL, 0, WELL.length, end - WELL.length, end) === 0;
}

/** As the log writes text; see `LineWriter.escaped`. */
function escaped(text: string): string {
  return Buffer.from(text)
    .toString('latin1')
    .replace(/[^ !#-[\]-~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function timeOf(line: string | null): number | null {
  return line === null ? null : Date.parse(String((JSON.parse(line) as Record<string, unknown>)['time']));
}
