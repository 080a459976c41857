import type { RequestHead } from '../../http1/request-head.ts';
import type { IpAddress } from '../../source-address/ip-address.ts';

/** A request as rules see it: spans of memory, filled in once and used for the length of one call. */
export interface RoutedRequest {
  readonly memory: Uint8Array;
  readonly head: RequestHead;
  /** The query, without its question mark; empty when equal. */
  readonly queryStart: number;
  readonly queryEnd: number;
  readonly client: IpAddress;
}

/** What a rule asks of requests beside host and path. */
export interface Condition {
  holds(request: RoutedRequest): boolean;
}
