import { METRICS, type MetricName, type Round } from './metrics.ts';
import { median, pairedRatios, type Spread, spread } from './statistics.ts';

/**
 * What a scenario should reach. `ratio` compares our median with a peer's (`against`; `better`: the better of all
 * peers); `absolute` compares our median with the limit itself. The limit is an upper bound where lower is better, else
 * a lower bound; it counts as reached when equal.
 */
export type Target =
  | { readonly metric: MetricName; readonly kind: 'ratio'; readonly against: 'better' | string; readonly limit: number }
  | { readonly metric: MetricName; readonly kind: 'absolute'; readonly limit: number };

/** Rounds by the name of the balancer. */
export type Rounds = ReadonlyMap<string, readonly Round[]>;

export interface Comparison {
  readonly metric: MetricName;
  /** null: we were not measured. */
  readonly ours: Spread | null;
  readonly peers: Readonly<Record<string, Spread>>;
  /** The peer that `ratio` is against; null when there is none. */
  readonly against: string | null;
  /** Our median ÷ the peer's; null without a peer. */
  readonly ratio: number | null;
  /** Smallest and largest ratio of single rounds; null without a peer. */
  readonly ratios: Spread | null;
  readonly target: Target | null;
  /** null: no target, or the peer that it names is missing. */
  readonly reached: boolean | null;
}

/** One comparison for each metric that any round has, in the order of the catalogue. */
export function compare(rounds: Rounds, ourName: string, targets: readonly Target[]): Comparison[] {
  const names = Object.keys(METRICS) as MetricName[];
  return names
    .filter((metric) => [...rounds.values()].some((list) => valuesOf(list, metric).length > 0))
    .map((metric) => compareMetric(rounds, ourName, metric, targets.find((t) => t.metric === metric) ?? null));
}

function compareMetric(rounds: Rounds, ourName: string, metric: MetricName, target: Target | null): Comparison {
  const ourValues = valuesOf(rounds.get(ourName) ?? [], metric);
  const peerValues = new Map(
    [...rounds]
      .map(([name, list]) => [name, valuesOf(list, metric)] as const)
      .filter(([name, values]) => name !== ourName && values.length > 0),
  );
  const wanted = target?.kind === 'ratio' ? target.against : 'better';
  const against = wanted === 'better' ? betterPeer(peerValues, metric) : peerValues.has(wanted) ? wanted : null;
  const ours = ourValues.length === 0 ? null : spread(ourValues);
  const theirs = against === null ? [] : (peerValues.get(against) ?? []);
  // A peer that measured zero (no failed requests, say) has no ratio.
  const ratio = ours === null || theirs.length === 0 || median(theirs) === 0 ? null : ours.middle / median(theirs);
  const paired = ratio !== null && theirs.length === ourValues.length && !theirs.includes(0);
  const measured = target?.kind === 'absolute' ? (ours?.middle ?? null) : ratio;
  return {
    metric,
    ours,
    peers: Object.fromEntries([...peerValues].map(([name, values]) => [name, spread(values)])),
    against,
    ratio,
    ratios: paired ? spread(pairedRatios(ourValues, theirs)) : null,
    target,
    reached: target === null || measured === null ? null : within(measured, target.limit, metric),
  };
}

function betterPeer(peers: ReadonlyMap<string, readonly number[]>, metric: MetricName): string | null {
  const ranked = [...peers].sort(([, a], [, b]) => median(a) - median(b));
  const best = METRICS[metric].better === 'lower' ? ranked[0] : ranked[ranked.length - 1];
  return best === undefined ? null : best[0];
}

function within(value: number, limit: number, metric: MetricName): boolean {
  return METRICS[metric].better === 'lower' ? value <= limit : value >= limit;
}

function valuesOf(rounds: readonly Round[], metric: MetricName): number[] {
  return rounds.map((round) => round[metric]).filter((value) => value !== undefined);
}
