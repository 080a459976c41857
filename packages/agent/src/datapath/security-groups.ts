import type { PlannedSecurityGroup } from '@evenkeel/model/plan/sources.ts';
import type { EngineChange } from '@evenkeel/proxy/engine/engine.ts';

/** The security groups of the plan, as they are now. */
export class SecurityGroups {
  readonly #groups = new Map<string, PlannedSecurityGroup>();

  follow(shared: EngineChange['shared']): void {
    for (const [key, entry] of shared) {
      if (entry?.kind === 'security-group') this.#groups.set(key, entry.value);
      else this.#groups.delete(key);
    }
  }

  readonly find = (id: string): PlannedSecurityGroup | undefined => this.#groups.get(`security-group/${id}`);
}
