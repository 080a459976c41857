import type { PlannedFieldMatch } from '@evenkeel/model/plan/rules.ts';
import { equalsIgnoringCase } from '../../http1/fields.ts';
import type { Condition, RoutedRequest } from './condition.ts';
import { type ValueTest, valueTest } from './value-test.ts';

/** On a request header; of several lines of one name, each is a value of its own. */
export class HeaderCondition implements Condition {
  readonly #name: string;
  readonly #absent: boolean;
  readonly #test: ValueTest;

  constructor(planned: PlannedFieldMatch) {
    this.#name = planned.name;
    this.#absent = planned.kind === 'absent';
    this.#test = valueTest(planned);
  }

  holds({ memory, head: { fields } }: RoutedRequest): boolean {
    for (let i = 0; i < fields.count; i++) {
      if (!equalsIgnoringCase(memory, fields.nameStart(i), fields.nameEnd(i), this.#name)) continue;
      if (this.#absent) return false;
      if (this.#test(memory, fields.valueStart(i), fields.valueEnd(i))) return true;
    }
    return this.#absent;
  }
}
