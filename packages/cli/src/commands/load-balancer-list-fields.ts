import { InvalidArgumentError } from 'commander';
import { words } from './values.ts';

/** What lists of load balancers can show: of each, of its listeners and services, of their targets. */
export const LOAD_BALANCER_FIELDS = [
  ...(['name', 'id', 'type', 'status', 'vip', 'eip', 'description', 'tags', 'created'] as const),
  ...(['listener', 'protocol', 'port', 'listener-status', 'service', 'algorithm'] as const),
  ...(['target', 'target-port', 'weight', 'health', 'reason'] as const),
] as const;
export type LoadBalancerField = (typeof LOAD_BALANCER_FIELDS)[number];

export const STANDARD_FIELDS: readonly LoadBalancerField[] = ['name', 'id', 'type', 'vip', 'eip', 'status'];

/** `name,vip,health`, or `all`. */
export function loadBalancerFieldList(text: string): LoadBalancerField[] {
  if (text === 'all') return [...LOAD_BALANCER_FIELDS];
  return words(text).map((word) => {
    const field = LOAD_BALANCER_FIELDS.find((known) => known === word);
    if (field !== undefined) return field;
    throw new InvalidArgumentError(`There is no field "${word}": ${LOAD_BALANCER_FIELDS.join(', ')}.`);
  });
}
