import { EXCHANGES_KEPT, type ProbeExchange } from '@evenkeel/model/plan/evidence.ts';
import type { PlannedHealthCheck } from '@evenkeel/model/plan/objects.ts';
import type { Flapping } from '@evenkeel/model/plan/stream.ts';

/** Milliseconds in which changes between healthy and unhealthy are counted, and from how many on a target flaps. */
export const FLAP_WINDOW = 10 * 60_000;
export const FLAP_CHANGES = 4;
/** Changes that are remembered: more within the window are told as this many. */
const REMEMBERED = 64;
/** An answer that usually takes more than this part of the timeout leaves no room for a slow moment. */
const TIGHT = 0.5;

/** The moments at which one target was judged to be another than before. */
export class FlapCount {
  #changes: number[] = [];

  /** @param wallTime Unix milliseconds */
  changed(wallTime: number): void {
    this.#changes.push(wallTime);
    if (this.#changes.length > REMEMBERED) this.#changes.shift();
  }

  /** Changes within the window. */
  within(wallTime: number): number {
    const [first] = this.#changes;
    if (first !== undefined && first <= wallTime - FLAP_WINDOW) {
      this.#changes = this.#changes.filter((at) => at > wallTime - FLAP_WINDOW);
    }
    return this.#changes.length;
  }
}

/** What the last exchanges say about why a target changes to and fro. */
export function diagnose(changes: number, check: PlannedHealthCheck, exchanges: readonly ProbeExchange[]): Flapping {
  const failures = exchanges.filter(({ verdict }) => verdict === 'failure');
  const answers = exchanges.filter(({ verdict }) => verdict === 'success').map(({ total }) => total);
  const parts = [
    `${changes} changes in ${FLAP_WINDOW / 60_000} min`,
    failures.length === 0
      ? `none of the last ${exchanges.length} probes failed`
      : `of the last ${Math.min(exchanges.length, EXCHANGES_KEPT)} probes failed ${byReason(failures)}`,
  ];
  const median = middle(answers);
  if (median !== null) parts.push(`median good answer ${seconds(median)}`);
  return { changes, diagnosis: `${parts.join('; ')}: ${conclusion(check, failures, median)}`.slice(0, 500) };
}

function conclusion(check: PlannedHealthCheck, failures: readonly ProbeExchange[], median: number | null): string {
  const most = commonest(failures.map(({ reason }) => reason));
  const advice = check.fall === 1 ? '; one failure is enough here: a higher fall would be calmer' : '';
  if (most.endsWith('_TIMEOUT')) {
    const limit = `the timeout of ${seconds(check.timeout)}`;
    return (
      (median !== null && median >= TIGHT * check.timeout
        ? `${limit} is too tight`
        : `good answers are far quicker than ${limit}: the target stalls, or packets are lost`) + advice
    );
  }
  const last = failures.findLast(({ reason }) => reason === most);
  if (last === undefined) return `the target comes and goes${advice}`;
  return `the last such failure: ${last.rule}${advice}`;
}

function byReason(failures: readonly ProbeExchange[]): string {
  const times = new Map<string, number[]>();
  for (const { reason, total } of failures) times.set(reason, [...(times.get(reason) ?? []), total]);
  return [...times]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([reason, totals]) => `${totals.length} by ${reason} after ${seconds(middle(totals) ?? 0)}`)
    .join(', ');
}

function commonest(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? '';
}

function middle(values: readonly number[]): number | null {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? null;
}

function seconds(milliseconds: number): string {
  return milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}
