import type { NodePlan, PlanEntry } from '@evenkeel/model/plan/plan.ts';
import type { RefusedListener } from '@evenkeel/model/plan/stream.ts';
import type { CertificateFailure } from '@evenkeel/proxy/tls/listener-tls.ts';

/** Characters of a reason: the control plane takes no longer ones. */
const DETAIL = 400;

interface Fault {
  readonly refusal: RefusedListener;
  /** What it was seen with: once one of these is another, it counts no more. */
  readonly seenWith: readonly (readonly [key: string, entry: PlanEntry])[];
}

/**
 * Listeners that run, but for a name whose certificate turned out to be no good when a client first asked for it: one
 * fault for each listener, the first, until the listener or the certificate is replaced.
 */
export class CertificateFaults {
  readonly #faults = new Map<string, Fault>();

  /** False when it is known already, or of a plan that is over. */
  add({ listenerId, certificateIds, detail }: CertificateFailure, plan: NodePlan): boolean {
    const keys = [`listener/${listenerId}`, ...certificateIds.map((id) => `certificate/${id}`)];
    const seenWith = keys.flatMap((key) => {
      const entry = plan.entries.get(key);
      return entry === undefined ? [] : [[key, entry] as const];
    });
    if (seenWith.length < keys.length || this.#faults.has(listenerId)) return false;
    const code = 'certificate-unusable';
    this.#faults.set(listenerId, { refusal: { listenerId, code, detail: detail.slice(0, DETAIL) }, seenWith });
    return true;
  }

  /** Those that the plan has not overcome. */
  of(plan: NodePlan): readonly RefusedListener[] {
    for (const [id, { seenWith }] of this.#faults) {
      if (seenWith.some(([key, entry]) => plan.entries.get(key)?.hash !== entry.hash)) this.#faults.delete(id);
    }
    return Array.from(this.#faults.values(), ({ refusal }) => refusal);
  }
}
