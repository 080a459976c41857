import type { PlannedAction } from '@evenkeel/model/plan/rules.ts';
import { fieldBytes } from './header-template.ts';

type PlannedRespond = Extract<PlannedAction, { readonly type: 'respond' }>;

/** An answer that a rule gives by itself. */
export class FixedResponse {
  readonly status: number;
  readonly contentType: Uint8Array;
  readonly body: Uint8Array;

  constructor({ status, contentType, body }: PlannedRespond) {
    this.status = status;
    this.contentType = fieldBytes(contentType);
    this.body = Buffer.from(body);
  }
}
