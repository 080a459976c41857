import type { PlannedHttp } from '@evenkeel/model/plan/http.ts';

const lines = new WeakMap<PlannedHttp, string>();

/**
 * The field line by which a listener tells browsers to come by https alone (RFC 6797 section 6.1), followed by `others`.
 * It comes first, since browsers heed the first of several (section 8.1): the listener's word goes before a target's.
 */
export function withTransportSecurity(http: PlannedHttp | null, others: string | null): string | null {
  if (http === null || http.hstsMaxAge === 0) return others;
  let line = lines.get(http);
  if (line === undefined) {
    const below = http.hstsIncludeSubDomains ? '; includeSubDomains' : '';
    line = `Strict-Transport-Security: max-age=${http.hstsMaxAge}${below}\r\n`;
    lines.set(http, line);
  }
  return others === null ? line : line + others;
}
