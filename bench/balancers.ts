import type { Balancer } from './balancers/balancer.ts';
import { engine } from './balancers/engine.ts';
import { evenkeel } from './balancers/evenkeel.ts';
import { haproxy } from './balancers/haproxy.ts';
import { nginx } from './balancers/nginx.ts';
import type { Options } from './options.ts';
import { onPath } from './packages.ts';

/** Who takes part in a run. */
export interface Field {
  /** In the order in which they take turns. */
  readonly balancers: readonly Balancer[];
  /** The name of ours among them. */
  readonly ours: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Who is left out, and why. */
  readonly skipped: Readonly<Record<string, string>>;
}

/** Peers that are not installed are left out by name; a name that nobody has is an error. */
export async function chooseBalancers(options: Options): Promise<Field> {
  const ours = options.engine ? engine : evenkeel;
  const all = [haproxy, nginx, ours];
  const unknown = options.balancers.find((name) => !all.some((balancer) => balancer.name === name));
  if (unknown !== undefined) throw new Error(`no balancer is called ${unknown}: ${all.map((b) => b.name).join(', ')}`);
  const wanted = all.filter(({ name }) => options.balancers.length === 0 || options.balancers.includes(name));
  const versions: Record<string, string> = {};
  const skipped: Record<string, string> = {};
  for (const balancer of wanted) {
    if (balancer !== ours && !onPath(balancer.name)) skipped[balancer.name] = 'it is not installed';
    else versions[balancer.name] = await balancer.version();
  }
  return { balancers: wanted.filter(({ name }) => name in versions), ours: ours.name, versions, skipped };
}
