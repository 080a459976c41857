/** What kind of thing an identifier names, by its prefix. */
export const ID_PREFIXES = {
  loadBalancer: 'lb',
  listener: 'lsn',
  backendService: 'svc',
  targetGroup: 'tg',
  target: 'tgt',
  ruleGroup: 'rg',
  rule: 'rul',
  elasticIp: 'eip',
  certificate: 'crt',
  authority: 'ca',
  securityPolicy: 'pol',
  securityGroup: 'sg',
  vpc: 'vpc',
  subnet: 'sub',
  operation: 'op',
  backup: 'bkp',
  changeSet: 'cs',
  tenant: 'tnt',
  user: 'usr',
  token: 'tok',
  accessPolicy: 'acp',
  accessKey: 'ak',
  session: 'ses',
  auditEntry: 'aud',
  event: 'evt',
  webhook: 'whk',
  region: 'rgn',
  zone: 'zn',
  delivery: 'dlv',
  joinToken: 'jt',
} as const;
export type IdKind = keyof typeof ID_PREFIXES;

/** Digits after the prefix and a dash. */
export const ID_DIGITS = 18;

/** The form of the identifiers of a kind, as a regular expression. */
export function idPattern(kind: IdKind): string {
  return `^${ID_PREFIXES[kind]}-[0-9a-hjkmnp-tv-z]{${ID_DIGITS}}$`;
}
