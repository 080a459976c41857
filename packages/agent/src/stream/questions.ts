import {
  type AnswerMessage,
  type AnswerOf,
  QUESTIONS_AT_A_TIME,
  type QueryMessage,
  type QuestionKind,
  type QuestionOf,
} from '@evenkeel/model/plan/query.ts';

/** Characters of a problem that are told. */
const MOST = 500;

/** Who answers which question. A rejection is told to the asker as a problem, in its own words. */
export type Answerers = {
  readonly [K in QuestionKind]: (question: QuestionOf<K>) => Promise<AnswerOf<K>> | AnswerOf<K>;
};

/** Answers what the control plane asks, a bounded number of questions at a time. */
export class Questions {
  readonly #answerers: Answerers;
  readonly #send: (answer: AnswerMessage) => void;
  #running = 0;

  /** `send` may lose an answer: whoever asked has a time limit. */
  constructor(answerers: Answerers, send: (answer: AnswerMessage) => void) {
    this.#answerers = answerers;
    this.#send = send;
  }

  /** Resolves when it is answered; never rejects. */
  async take({ id, kind, question }: QueryMessage): Promise<void> {
    const known = Object.hasOwn(this.#answerers, kind);
    if (!known || this.#running >= QUESTIONS_AT_A_TIME) {
      const problem = known ? 'the node has many questions to answer already' : `the node does not know ${kind}`;
      this.#send({ type: 'answer', id, problem });
      return;
    }
    this.#running++;
    try {
      const answerer = this.#answerers[kind] as (question: unknown) => unknown;
      this.#send({ type: 'answer', id, answer: await answerer(question) });
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      this.#send({ type: 'answer', id, problem: problem.slice(0, MOST) });
    } finally {
      this.#running--;
    }
  }
}
