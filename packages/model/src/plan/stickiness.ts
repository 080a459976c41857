/** How a client is kept with its target (REQUIREMENTS 5), as plans carry it. Times in milliseconds. */
export type PlannedStickiness =
  | {
      /** The proxy's own cookie. */
      readonly type: 'cookie';
      readonly cookieName: string;
      /** 0: until the browser is closed. */
      readonly expiry: number;
      /** Base64 of 32 bytes: what cookies of this service are authenticated and concealed with. */
      readonly key: string;
      /** Cookies that older keys made are accepted and replaced. */
      readonly oldKeys: readonly string[];
    }
  | {
      /** The target's own cookie names the client's session; each value is remembered for so long after its last use. */
      readonly type: 'application-cookie';
      readonly cookieName: string;
      readonly timeout: number;
    }
  | {
      /** Kept for so long after its last request or connection. */
      readonly type: 'source-ip';
      readonly timeout: number;
    };

/** `draining`: only clients that stick to it; `disabled`: nobody. */
export const TARGET_STATES = ['active', 'draining', 'disabled'] as const;
export type TargetState = (typeof TARGET_STATES)[number];
