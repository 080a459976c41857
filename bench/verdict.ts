import { METRICS, type MetricName, type Round } from './metrics.ts';
import { quantile, type Spread, spread } from './statistics.ts';

/**
 * What a scenario should reach. `ratio` compares our median with a peer's (`against`; `better`: the better of all
 * peers); `absolute` compares our median with the limit itself. The limit is an upper bound where lower is better, else
 * a lower bound; it counts as reached when equal.
 */
export type Target =
  | { readonly metric: MetricName; readonly kind: 'ratio'; readonly against: 'better' | string; readonly limit: number }
  | { readonly metric: MetricName; readonly kind: 'absolute'; readonly limit: number };

/** Rounds by the name of the balancer. */
export interface Rounds extends ReadonlyMap<string, readonly Round[]> {
  /**
   * What all single measurements of a balancer found together, for metrics of which that is known (a quantile of all
   * latencies, say): counts in place of the median of its rounds.
   */
  readonly pooled?: ReadonlyMap<string, Round>;
}

/** Of the rounds. The quartiles are missing in results of earlier versions. */
export interface Found extends Spread {
  readonly lower?: number;
  readonly upper?: number;
  /** Of all rounds together. */
  readonly pooled?: number;
}

export interface Comparison {
  readonly metric: MetricName;
  /** null: we were not measured. */
  readonly ours: Found | null;
  readonly peers: Readonly<Record<string, Found>>;
  /** The peer that `ratio` is against; null when there is none. */
  readonly against: string | null;
  /** Our median, or what all rounds found together, ÷ the peer's; null without a peer. */
  readonly ratio: number | null;
  /** The ratios of single rounds; null without a peer. */
  readonly ratios: Found | null;
  readonly target: Target | null;
  /** null: no target, or the peer that it names is missing, or it is to be no worse than a peer and neither was shown. */
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
  const found = new Map(
    [...rounds.keys()].flatMap((name) => {
      const one = foundOf(rounds, name, metric);
      return one === null ? [] : [[name, one] as const];
    }),
  );
  const peers = new Map([...found].filter(([name]) => name !== ourName));
  const wanted = target?.kind === 'ratio' ? target.against : 'better';
  const against = wanted === 'better' ? betterPeer(peers, metric) : peers.has(wanted) ? wanted : null;
  const ours = found.get(ourName) ?? null;
  const theirs = against === null ? null : peers.get(against)!;
  // A peer that measured zero (no failed requests, say) has no ratio.
  const ratio = ours === null || theirs === null || counting(theirs) === 0 ? null : counting(ours) / counting(theirs);
  const single = ratio === null ? [] : roundRatios(rounds.get(ourName)!, rounds.get(against!)!, metric);
  const ratios = single.length === 0 ? null : foundIn(single);
  const measured = target?.kind === 'absolute' ? (ours === null ? null : counting(ours)) : ratio;
  const undecided = target?.kind === 'ratio' && target.limit === 1 && nothingShown(ratio, ratios);
  return {
    metric,
    ours,
    peers: Object.fromEntries(peers),
    against,
    ratio,
    ratios,
    target,
    reached: target === null || measured === null || undecided ? null : within(measured, target.limit, metric),
  };
}

/**
 * Neither is shown to be better: the quartiles of the ratios of single rounds lie on both sides of 1, or on the other side
 * than that of all rounds together, as when one round of a peer holds all of its slowest requests.
 */
export function nothingShown(ratio: number | null, ratios: Found | null): boolean {
  if (ratio === null || ratios?.lower === undefined || ratios.upper === undefined) return false;
  return Math.min(ratio, ratios.lower) <= 1 && Math.max(ratio, ratios.upper) >= 1;
}

/** What counts of several rounds. */
export function counting(found: Found): number {
  return found.pooled ?? found.middle;
}

function foundOf(rounds: Rounds, name: string, metric: MetricName): Found | null {
  const values = valuesOf(rounds.get(name)!, metric);
  const pooled = rounds.pooled?.get(name)?.[metric];
  return values.length === 0 ? null : foundIn(values, pooled);
}

function foundIn(values: readonly number[], pooled?: number): Found {
  const quartiles = { lower: quantile(values, 0.25), upper: quantile(values, 0.75) };
  return { ...spread(values), ...quartiles, ...(pooled === undefined ? {} : { pooled }) };
}

/** Of rounds in which both were measured, so that a slow drift of the machine cancels out; none with a peer at zero. */
function roundRatios(ours: readonly Round[], theirs: readonly Round[], metric: MetricName): number[] {
  const ratios = ours.flatMap((round, index) => {
    const [value, other] = [round[metric], theirs[index]?.[metric]];
    return value === undefined || other === undefined ? [] : [value / other];
  });
  return ratios.every(Number.isFinite) ? ratios : [];
}

function betterPeer(peers: ReadonlyMap<string, Found>, metric: MetricName): string | null {
  const ranked = [...peers].sort(([, a], [, b]) => counting(a) - counting(b));
  const best = METRICS[metric].better === 'lower' ? ranked[0] : ranked[ranked.length - 1];
  return best === undefined ? null : best[0];
}

function within(value: number, limit: number, metric: MetricName): boolean {
  return METRICS[metric].better === 'lower' ? value <= limit : value >= limit;
}

function valuesOf(rounds: readonly Round[], metric: MetricName): number[] {
  return rounds.map((round) => round[metric]).filter((value) => value !== undefined);
}
