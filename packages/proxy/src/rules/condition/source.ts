import { CidrSet } from '../../source-address/cidr-set.ts';
import type { Condition, RoutedRequest } from './condition.ts';

/** On the client's address. */
export class SourceCondition implements Condition {
  readonly #blocks: CidrSet;

  constructor(blocks: readonly string[]) {
    this.#blocks = new CidrSet(blocks);
  }

  holds({ client }: RoutedRequest): boolean {
    return this.#blocks.has(client);
  }
}
