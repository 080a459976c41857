import type { Directive } from './words.ts';

/** A block of directives within others: what is not said here is inherited. What is read is taken; the rest is told. */
export class Context {
  readonly #directives: readonly Directive[];
  readonly #outer: Context | null;
  readonly #taken: Set<Directive>;

  constructor(directives: readonly Directive[], outer: Context | null = null) {
    this.#directives = directives;
    this.#outer = outer;
    this.#taken = outer === null ? new Set() : outer.#taken;
  }

  /** All of this name in this block. */
  own(name: string): Directive[] {
    const found = this.#directives.filter((directive) => directive.name === name);
    for (const directive of found) this.#taken.add(directive);
    return found;
  }

  /** All of these names in the innermost block that has one, as they stand: how nginx inherits lists. */
  inherited(...names: readonly string[]): Directive[] {
    for (const name of names) this.own(name);
    const own = this.#directives.filter((directive) => names.includes(directive.name));
    return own.length > 0 || this.#outer === null ? own : this.#outer.inherited(...names);
  }

  /** The one that counts; null when nobody says it. */
  setting(name: string): Directive | null {
    return this.inherited(name).at(-1) ?? null;
  }

  isOn(name: string): boolean {
    return this.setting(name)?.args[0] === 'on';
  }

  /** All of this name in this block and in the blocks within it. */
  deep(name: string): Directive[] {
    const inner = this.#directives.flatMap((one) => (one.block === null ? [] : this.within(one).deep(name)));
    return [...this.own(name), ...inner];
  }

  /** Directives of this block that nobody has read, in order. */
  get untaken(): Directive[] {
    return this.#directives.filter((directive) => !this.#taken.has(directive));
  }

  within(directive: Directive): Context {
    return new Context(directive.block ?? [], this);
  }
}
