import type { Quotas } from '@evenkeel/model/limits.ts';
import type { State } from '../state/state.ts';

/** The quotas of a tenant: those of the installation, and what it has of its own. */
export function quotasOf(installation: Quotas, { tenants }: Pick<State, 'tenants'>, tenantId: string): Quotas {
  const own = tenants.get(tenantId)?.quotas;
  return own === undefined || Object.keys(own).length === 0 ? installation : { ...installation, ...own };
}
