import { TOKEN_LOWER } from '../http1/characters.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import type { HeadRewriter } from '../http1/rewrite.ts';
import { upgradeOf } from './requested-protocol.ts';

/** The protocol that a request has asked to switch to, as a span of the request's buffer. */
export class AskedUpgrade {
  readonly #start: number;
  readonly #end: number;

  /** `rewriter` has just rewritten the request's head, which passes its Upgrade field on. */
  constructor({ fields, upgrade }: RequestHead, rewriter: HeadRewriter) {
    const moved = rewriter.movedBy(fields.nameStart(upgrade));
    this.#start = fields.valueStart(upgrade) + moved;
    this.#end = fields.valueEnd(upgrade) + moved;
  }

  /** Whether a response with status 101 switches to just this protocol. */
  isGrantedBy(memory: Uint8Array, head: ResponseHead): boolean {
    const index = upgradeOf(memory, head);
    if (index < 0) return false;
    const start = head.fields.valueStart(index);
    const length = head.fields.valueEnd(index) - start;
    if (length !== this.#end - this.#start) return false;
    for (let i = 0; i < length; i++) {
      if (TOKEN_LOWER[memory[start + i]!] !== TOKEN_LOWER[memory[this.#start + i]!]) return false;
    }
    return true;
  }
}
