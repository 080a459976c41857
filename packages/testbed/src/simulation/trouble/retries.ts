import type { PlannedRetry } from '@evenkeel/model/plan/resilience.ts';
import { parseLogLine } from '../http/log-line.ts';
import type { Journal } from '../journal.ts';

/** Failures after which nothing has been with a target, or nothing but what it closed: asking on costs no budget. */
const FREE: ReadonlySet<string> = new Set(['refused', 'exhausted', 'kept-closed']);

/** Holds what the log says of attempts against the service's number of them, and against its budget. `elapsed`: ms. */
export function checkRetries(log: readonly string[], journal: Journal, retry: PlannedRetry, elapsed: number): void {
  let requests = 0;
  let paid = 0;
  for (const line of log) {
    const { attempts = 1, failed_attempts: failed = '', request_id: id } = parseLogLine(line)!;
    requests++;
    const reasons = failed === '' ? [] : failed.split(', ').map((each) => each.slice(each.indexOf(' ') + 1));
    if (attempts > 1) journal.count('tried again');
    // The last one may have failed as well, and then nobody was asked after it.
    const retried = reasons.slice(0, attempts - 1);
    const counted = attempts - retried.filter((reason) => reason === 'kept-closed').length;
    if (counted > retry.attempts) journal.violate(`${id} took ${counted} attempts of ${retry.attempts}: ${failed}`);
    paid += retried.filter((reason) => !FREE.has(reason)).length;
  }
  const most = (requests * retry.budget) / 100 + (Math.ceil(elapsed / 1_000) + 1) * retry.budgetMinimum;
  if (paid > most) journal.violate(`${paid} retries for ${requests} requests, not ${most}`);
  journal.count('paid retries', paid);
}
