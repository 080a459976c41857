/**
 * What the control plane may ask a node while the stream is open. An answer is for one caller, is not kept, and says how
 * things are at that moment. A node of an older version passes over what it does not know: the question then times out.
 */
export interface NodeQuestionKinds {
  /** What the node remembers of requests with an identifier. */
  requests: { readonly ask: RequestsQuestion; readonly answer: RequestsAnswer };
}
export type QuestionKind = keyof NodeQuestionKinds;
export type QuestionOf<K extends QuestionKind> = NodeQuestionKinds[K]['ask'];
export type AnswerOf<K extends QuestionKind> = NodeQuestionKinds[K]['answer'];

/** `id` is the asker's, and comes back with the answer. */
export type QueryMessage = {
  readonly [K in QuestionKind]: {
    readonly type: 'query';
    readonly id: number;
    readonly kind: K;
    readonly question: QuestionOf<K>;
  };
}[QuestionKind];

export type AnswerMessage =
  | { readonly type: 'answer'; readonly id: number; readonly answer: unknown }
  /** The node could not answer, for this reason. */
  | { readonly type: 'answer'; readonly id: number; readonly problem: string };

/** Questions that a node works on at a time; one more is answered with a problem. */
export const QUESTIONS_AT_A_TIME = 32;

export interface RequestsQuestion {
  readonly requestId: string;
}

export interface RequestsAnswer {
  /** Lines of the access log as JSON objects, the newest first. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** Unix milliseconds when the oldest request ended that the node remembers; null: it remembers none. */
  readonly since: number | null;
}
