import { NAME } from '@evenkeel/model/limits.ts';

/** Names that objects may have, each given once. */
export class Names {
  readonly #taken = new Set<string>();
  readonly #given = new Map<string, string>();

  /** The name for what is called so in the foreign configuration: the same for the same text, and legal. */
  of(text: string): string {
    const known = this.#given.get(text);
    if (known !== undefined) return known;
    const name = this.fresh(text);
    this.#given.set(text, name);
    return name;
  }

  /** A new name that is like the text. */
  fresh(text: string): string {
    const legal = text.replace(/[^\p{L}\p{N}_.-]+/gu, '-').replace(/^-+|-+$/g, '') || 'unnamed';
    const short = [...legal].slice(0, NAME.maximum - 5).join('');
    let name = short;
    for (let next = 2; this.#taken.has(name); next++) name = `${short}-${next}`;
    this.#taken.add(name);
    return name;
  }
}
