import type { OperationName } from '@evenkeel/model/contract/contract.ts';
import type { BodyOf, ParamsOf, QueryOf } from '@evenkeel/model/contract/types.ts';

/** One call of the API, authenticated and validated. */
export interface Call<K extends OperationName> {
  readonly params: ParamsOf<K>;
  readonly query: Exclude<QueryOf<K>, undefined>;
  readonly body: BodyOf<K>;
  readonly actor: string;
  readonly requestId: string;
  readonly ifMatch: string | undefined;
  /** Ends when the client goes away or the server stops. */
  readonly signal: AbortSignal;
}
