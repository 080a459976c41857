import type { Condition, RoutedRequest } from './condition.ts';
import { isAt } from './value-test.ts';

/** On the method, which is case-sensitive (RFC 9110 section 9.1). */
export class MethodCondition implements Condition {
  readonly #methods: readonly Uint8Array[];

  constructor(methods: readonly string[]) {
    this.#methods = methods.map((method) => Buffer.from(method, 'latin1'));
  }

  holds({ memory, head }: RoutedRequest): boolean {
    const length = head.methodEnd - head.methodStart;
    for (const method of this.#methods) {
      if (method.length === length && isAt(method, memory, head.methodStart)) return true;
    }
    return false;
  }
}
