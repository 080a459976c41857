import { Method } from '../../http1/method.ts';
import type { RequestHead } from '../../http1/request-head.ts';
import { BUFFER_SIZE, NO_BUFFER } from '../../reactor/arena.ts';
import type { Client } from '../../source-address/client.ts';
import { askedName } from '../../tls/asked-name.ts';
import type { Target } from '../../upstream/target.ts';
import type { WorkerContext } from '../../worker/context.ts';
import type { CompiledRule } from '../compiled-rule.ts';
import { MirrorExchange, type MirroredRequest, MOST_COPIED } from './mirror-exchange.ts';

/** Copies that one worker has under way at most; beyond it requests are not copied. */
const MOST = 256;

/** Copies are made only while at least this share of the arena is free: they come behind everything else. */
const FREE_SHARE = 0.25;

/** The copies of requests that one worker has under way. */
export class Mirrors {
  readonly #worker: WorkerContext;
  readonly #running = new Set<MirrorExchange>();
  readonly #over = (mirror: MirrorExchange): void => {
    this.#running.delete(mirror);
  };

  constructor(worker: WorkerContext) {
    this.#worker = worker;
  }

  /**
   * Begins the copy that a rule asks for of the request whose head is in the worker's parser; the request as it goes on
   * begins with memory[start, end). Null: none is made.
   */
  beginFor(rule: CompiledRule, client: Client, start: number, end: number, complete: boolean): MirrorExchange | null {
    const { requestHead: head } = this.#worker;
    if (head.upgrade >= 0 || head.contentLength > MOST_COPIED) return null;
    const service = rule.takeMirror();
    const target = service?.targets[service.pick(client.hash, -1, -1)];
    if (service === null || target === undefined || !target.hasRoom) return null;
    const asked = service.tls === null ? '' : (rule.serverName ?? this.#hostOf(head));
    const expectsNoBody = head.method === Method.head;
    return this.begin({ service, target, client, asked, expectsNoBody }, start, end, complete);
  }

  /**
   * Begins a copy of a request whose beginning, head included, is memory[start, end). It is copied at once: the next
   * request of the connection may be written over it. Null: there is no room for copies now.
   */
  begin(request: MirroredRequest, start: number, end: number, complete: boolean): MirrorExchange | null {
    if (this.#running.size >= MOST) return null;
    const firstEnd = Math.min(end, start + BUFFER_SIZE);
    const copy = this.#copy(start, firstEnd);
    if (copy === NO_BUFFER) return null;
    const mirror = new MirrorExchange(this.#worker, request, this.#over);
    this.#running.add(mirror);
    const base = this.#worker.arena.base(copy);
    mirror.begin(copy, base, base + (firstEnd - start), complete && firstEnd === end, request.client);
    if (firstEnd < end) this.add(mirror, firstEnd, end, complete);
    return mirror;
  }

  /** Adds more of the request's body, memory[start, end), to a copy; gives the copy up when there is no room. */
  add(mirror: MirrorExchange, start: number, end: number, complete: boolean): void {
    let at = start;
    do {
      const pieceEnd = Math.min(end, at + BUFFER_SIZE);
      const copy = this.#copy(at, pieceEnd);
      if (copy === NO_BUFFER) {
        mirror.abort();
        return;
      }
      const base = this.#worker.arena.base(copy);
      mirror.add(copy, base, base + (pieceEnd - at), complete && pieceEnd === end);
      at = pieceEnd;
    } while (at < end);
  }

  /** Gives up the copies that go to a target. */
  cutFrom(target: Target): void {
    for (const mirror of [...this.#running]) if (mirror.target === target) mirror.abort();
  }

  /** Gives up all copies. */
  stop(): void {
    for (const mirror of [...this.#running]) mirror.abort();
  }

  /** The host of a request whose head has been rewritten. */
  #hostOf({ host, fields }: RequestHead): string {
    if (host < 0) return '';
    const { memory, rewriter } = this.#worker;
    const moved = rewriter.movedBy(fields.nameStart(host));
    return askedName(memory, fields.valueStart(host) + moved, fields.valueEnd(host) + moved);
  }

  /** What is received at once may be larger than a buffer that can be acquired: copies are made in pieces. */
  #copy(start: number, end: number): number {
    const { arena, memory } = this.#worker;
    if (end - start > BUFFER_SIZE) throw new RangeError(`${end - start} bytes do not fit into one buffer`);
    if (arena.free < arena.capacity * FREE_SHARE) return NO_BUFFER;
    const buffer = arena.acquire();
    if (buffer !== NO_BUFFER) memory.copyWithin(arena.base(buffer), start, end);
    return buffer;
  }
}
