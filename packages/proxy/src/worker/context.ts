import { TimeBudget } from '../compression/time-budget.ts';
import { SessionPlaces } from '../datagrams/session-places.ts';
import { DateLine } from '../http1/date-line.ts';
import { ExchangePool } from '../http1/exchange-pool.ts';
import { HeadRoom } from '../http1/head-room.ts';
import { InsertBlock } from '../http1/insert-block.ts';
import { LocalResponses } from '../http1/local-response.ts';
import { MAX_HEAD } from '../http1/partial-head.ts';
import { RequestHead } from '../http1/request-head.ts';
import { ResponseHead } from '../http1/response-head.ts';
import { HeadRewriter } from '../http1/rewrite.ts';
import { sharedClockOffset } from '../limits/shared-clock.ts';
import { TurnAway } from '../limits/turn-away.ts';
import { NodeSockets } from '../overload/node-sockets.ts';
import { Overload } from '../overload/overload.ts';
import type { Arena, StaticRange } from '../reactor/arena.ts';
import type { Reactor } from '../reactor/reactor.ts';
import { Mirrors } from '../rules/mirror/mirrors.ts';
import { Slices } from '../rules/steps.ts';
import { TokenCache } from '../stickiness/token-cache.ts';
import type { AccessLog } from '../telemetry/access-log.ts';
import type { RequestIds } from '../telemetry/request-ids.ts';

/** What all connections of one worker share. Everything here is used for the length of one call only. */
export class WorkerContext {
  readonly reactor: Reactor;
  readonly arena: Arena;
  readonly memory: Uint8Array;
  readonly log: AccessLog;
  readonly requestHead = new RequestHead();
  readonly responseHead = new ResponseHead();
  readonly rewriter: HeadRewriter;
  readonly responses: LocalResponses;
  readonly date: DateLine;
  readonly headRoom = new HeadRoom();
  /** Lines that rules add to a head, and heads of answers that they give. */
  readonly lines: InsertBlock;
  readonly answer: InsertBlock;
  readonly requestIds: RequestIds;
  readonly mirrors: Mirrors;
  readonly exchanges: ExchangePool;
  /** What cookies said that were seen lately; made when the first service needs it. */
  #tokens: TokenCache | null = null;
  /** For work that would keep requests waiting. */
  readonly slices: Slices;
  readonly compressing = new TimeBudget(() => performance.now());
  /** What there is too much of, and what is therefore turned away. */
  readonly overload: Overload;
  readonly turnAway: TurnAway;
  /** For sessions of UDP. */
  readonly datagramSessions: SessionPlaces;
  /** To be added to `Reactor.now` for a time that means the same to all workers, in milliseconds. */
  readonly sharedClockOffset: number;
  /** Room for a head. */
  readonly scratch: StaticRange;

  /**
   * `sockets`: of all workers of the node; by default there is no other one, and no bound. `clock`: milliseconds that go
   * on within a turn.
   */
  constructor(
    reactor: Reactor,
    log: AccessLog,
    sockets = new NodeSockets(new Int32Array(1), 0, 0),
    clock: () => number = () => performance.now(),
  ) {
    this.reactor = reactor;
    this.arena = reactor.arena;
    this.memory = reactor.arena.memory;
    this.log = log;
    this.requestIds = log.ids;
    this.date = new DateLine(reactor.arena, reactor);
    this.rewriter = new HeadRewriter(reactor.arena, this.date);
    this.responses = new LocalResponses(reactor.arena, this.date);
    this.lines = new InsertBlock(reactor.arena);
    this.answer = new InsertBlock(reactor.arena);
    this.mirrors = new Mirrors(this);
    this.exchanges = new ExchangePool(this);
    this.overload = new Overload(reactor, sockets);
    this.turnAway = new TurnAway(this);
    this.datagramSessions = SessionPlaces.ofWorker(sockets);
    this.slices = new Slices(reactor, clock);
    this.sharedClockOffset = sharedClockOffset(reactor);
    this.scratch = reactor.arena.intern(new Uint8Array(MAX_HEAD));
  }

  get tokens(): TokenCache {
    return (this.#tokens ??= new TokenCache());
  }
}
