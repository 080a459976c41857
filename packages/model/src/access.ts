/** Who may do what: roles, how far they reach, and the tenant that is always there. */

/** From the least to the most: each may do what those before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** `own`: within the tenant of the user; `all`: in every tenant, and on the installation itself. */
export const REACHES = ['own', 'all'] as const;
export type Reach = (typeof REACHES)[number];

/** What an installation begins with, and what it had before there were tenants. It cannot be deleted. */
export const DEFAULT_TENANT = { id: 'tnt-000000000000000000', name: 'default' } as const;

/** Whether who has the role `has` may do what takes the role `takes`. */
export function mayAs(has: Role, takes: Role): boolean {
  return ROLES.indexOf(has) >= ROLES.indexOf(takes);
}

/** The lesser of two roles. */
export function lesserRole(a: Role, b: Role): Role {
  return mayAs(a, b) ? b : a;
}
