/** What two peers say to each other through whatever is between them: data that is drawn before anything happens. */
export interface TcpScenario {
  readonly dialogues: readonly DialoguePlan[];
  readonly origins: readonly { readonly label: string; readonly address: string; readonly port: number }[];
  /** Nothing is broken on purpose: every byte has to arrive. */
  readonly strict: boolean;
}

export interface DialoguePlan {
  /** Unique in the run; both peers begin with it, and it is the key of their bytes. */
  readonly id: string;
  readonly address: string;
  /** Before connecting, in milliseconds. */
  readonly startsAfter: number;
  readonly client: PeerPlan;
  readonly origin: PeerPlan;
}

export interface PeerPlan {
  /** Bytes to send. */
  readonly length: number;
  /** Bytes that are sent at once. */
  readonly piece: number;
  /** Between pieces, in milliseconds. */
  readonly pause: number;
  /** When it begins to send. */
  readonly speaks: 'at once' | 'when addressed' | 'after the end';
  /** Stops reading for this many milliseconds after every receive; 0 reads at once. */
  readonly readPause: number;
  /** What it does when it has sent everything. */
  readonly ending: 'end' | 'wait';
  /** Null, or how it breaks off, and after how many bytes sent. */
  readonly fault: { readonly kind: 'reset' | 'stall' | 'close'; readonly after: number } | null;
}
