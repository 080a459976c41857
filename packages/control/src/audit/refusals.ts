import { AUDIT } from '@evenkeel/model/limits.ts';
import { ANONYMOUS } from '../access/identity.ts';
import type { AuditEntry } from './entry.ts';

/** Entries that wait to be written, of all tenants; one more is counted as omitted. */
const WAITING = 1_000;
/** Characters of a reason. */
const DETAIL = 300;

type Refusal = Omit<AuditEntry, 'id' | 'omitted' | 'detail'> & { readonly detail: string };

interface Allowance {
  /** Refusals that may be recorded now. */
  left: number;
  /** Unix milliseconds to which `left` was counted. */
  countedAt: number;
  omitted: number;
}

/**
 * Requests that were refused, on their way into the audit log. Whoever is refused can be so thousands of times in a
 * second: of each tenant some are recorded at once and then one each few seconds, and the next entry tells how many are
 * missing. Those of nobody in particular, failed logins above all, have an allowance of their own, so that a stranger uses
 * up none of what is there for users. What is kept of them all has a bound apart from what was done; see retention.ts.
 */
export class Refusals {
  readonly #write: (entries: readonly Omit<AuditEntry, 'id'>[]) => Promise<void>;
  readonly #allowances = new Map<string, Allowance>();
  #waiting: Omit<AuditEntry, 'id'>[] = [];

  constructor(write: (entries: readonly Omit<AuditEntry, 'id'>[]) => Promise<void>) {
    this.#write = write;
  }

  note(refusal: Refusal): void {
    const allowance = this.#allowanceOf(refusal);
    if (allowance.left < 1 || this.#waiting.length >= WAITING) {
      allowance.omitted++;
      return;
    }
    allowance.left--;
    this.#waiting.push({ ...refusal, detail: refusal.detail.slice(0, DETAIL), omitted: allowance.omitted });
    allowance.omitted = 0;
  }

  /** Writes what waits. What could not be written is tried again with what comes then. */
  async flush(): Promise<void> {
    const entries = this.#waiting;
    if (entries.length === 0) return;
    this.#waiting = [];
    try {
      await this.#write(entries);
    } catch (error) {
      this.#waiting = [...entries, ...this.#waiting].slice(0, WAITING);
      throw error;
    }
  }

  #allowanceOf({ tenantId, author, at: now }: Refusal): Allowance {
    const { burst, seconds } = AUDIT.refusals;
    const whose = author.id === ANONYMOUS.id ? `${tenantId} ${ANONYMOUS.id}` : tenantId;
    const known = this.#allowances.get(whose);
    if (known === undefined) {
      const fresh = { left: burst, countedAt: now, omitted: 0 };
      this.#allowances.set(whose, fresh);
      return fresh;
    }
    const earned = Math.max(0, now - known.countedAt) / (seconds * 1_000);
    known.left = Math.min(burst, known.left + earned);
    known.countedAt = now;
    return known;
  }
}
