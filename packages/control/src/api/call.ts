import type { OperationName } from '@evenkeel/model/contract/contract.ts';
import type { BodyOf, ParamsOf, QueryOf } from '@evenkeel/model/contract/types.ts';
import type { Caller, Identity } from '../access/identity.ts';
import type { AuditMaker } from '../audit/entry.ts';
import type { Draft } from '../state/draft.ts';
import type { State } from '../state/state.ts';

export interface Browser {
  /** The field `Cookie`. */
  readonly cookie: string | undefined;
  /** What it calls itself. */
  readonly userAgent: string;
  /** Whether the connection is encrypted. */
  readonly secure: boolean;
  setCookies(values: readonly string[]): void;
}

/** One call of the API, authenticated and validated. */
export interface Call<K extends OperationName> {
  readonly params: ParamsOf<K>;
  readonly query: Exclude<QueryOf<K>, undefined>;
  readonly body: BodyOf<K>;
  /** Who calls, and in which tenant. */
  readonly caller: Caller;
  /** The state as that tenant sees it, at the moment of asking. */
  readonly state: State;
  /** For calls that write in a way of their own: refuses what the caller may not change, or may not any more. */
  readonly checkChanges: (draft: Draft) => void;
  /**
   * For calls that write rows of their own: the entry of the audit log, for the same transaction. It is written nowhere
   * else then. `detail`: what no resource says.
   */
  readonly audit: AuditMaker;
  /** Says who it was, for the audit log, where that is known only now. */
  readonly identify: (identity: Identity) => void;
  /** What browsers send and are sent. */
  readonly browser: Browser;
  readonly requestId: string;
  readonly ifMatch: string | undefined;
  /** Where a reader of a stream goes on that has lost it. */
  readonly lastEventId: string | undefined;
  /** Whether who calls may still call: their credential may end while an answer goes on. */
  readonly stillMay: () => boolean;
  /** Ends when the client goes away or the server stops. */
  readonly signal: AbortSignal;
}
