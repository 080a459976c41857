import type { OperationName } from '@evenkeel/model/contract/contract.ts';
import type { BodyOf, ParamsOf, QueryOf } from '@evenkeel/model/contract/types.ts';
import type { Caller } from '../access/identity.ts';
import type { State } from '../state/state.ts';

/** One call of the API, authenticated and validated. */
export interface Call<K extends OperationName> {
  readonly params: ParamsOf<K>;
  readonly query: Exclude<QueryOf<K>, undefined>;
  readonly body: BodyOf<K>;
  /** Who calls, and in which tenant. */
  readonly caller: Caller;
  /** The state as that tenant sees it, at the moment of asking. */
  readonly state: State;
  readonly requestId: string;
  readonly ifMatch: string | undefined;
  /** Ends when the client goes away or the server stops. */
  readonly signal: AbortSignal;
}
