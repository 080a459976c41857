import type { AnswerMessage, AnswerOf, QueryMessage, QuestionKind, QuestionOf } from '@evenkeel/model/plan/query.ts';
import { ProblemError } from '../problem.ts';

/** Milliseconds that a node has for an answer. */
const PATIENCE = 5_000;
/** Questions that wait for one node; beyond them nobody asks. */
const WAITING = 64;

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: ProblemError) => void;
  readonly timer: NodeJS.Timeout;
}

/** Questions on their way to nodes. Each ends: with an answer, with the node's connection, or when its time is over. */
export class NodeQuestions {
  readonly #waiting = new Map<string, Map<number, Waiting>>();
  readonly #send: (node: string, query: QueryMessage) => boolean;
  #next = 0;

  /** `send`: false when the node is not connected, or its connection takes nothing more. */
  constructor(send: (node: string, query: QueryMessage) => boolean) {
    this.#send = send;
  }

  /**
   * The answer is as the node says it: its shape is for the caller to check. Rejects with a ProblemError.
   * `patience`: milliseconds.
   */
  ask<K extends QuestionKind>(
    node: string,
    kind: K,
    question: QuestionOf<K>,
    patience: number = PATIENCE,
  ): Promise<AnswerOf<K>> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(node) ?? new Map<number, Waiting>();
      if (waiting.size >= WAITING) {
        reject(new ProblemError('too-busy', `${WAITING} questions are waiting for ${node} already`));
        return;
      }
      const id = this.#next++;
      if (!this.#send(node, { type: 'query', id, kind, question } as QueryMessage)) {
        reject(new ProblemError('node-unavailable', `${node} is not connected, or its stream is congested`));
        return;
      }
      const timer = setTimeout(() => {
        this.#take(node, id);
        reject(new ProblemError('node-timeout', `${node} has not answered within ${patience / 1_000} s`));
      }, patience);
      waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject, timer });
      this.#waiting.set(node, waiting);
    });
  }

  /** An answer has come; one that nobody waits for any more is passed over. */
  answered(node: string, message: AnswerMessage): void {
    const waiting = this.#take(node, message.id);
    if (waiting === null) return;
    if ('problem' in message) waiting.reject(new ProblemError('node-unavailable', `${node}: ${message.problem}`));
    else waiting.resolve(message.answer);
  }

  /** The node's connection is gone. */
  gone(node: string): void {
    for (const id of [...(this.#waiting.get(node)?.keys() ?? [])]) {
      const problem = new ProblemError('node-unavailable', `${node} has disconnected before it answered`);
      this.#take(node, id)?.reject(problem);
    }
  }

  #take(node: string, id: number): Waiting | null {
    const ofNode = this.#waiting.get(node);
    const waiting = ofNode?.get(id);
    if (ofNode === undefined || waiting === undefined) return null;
    ofNode.delete(id);
    if (ofNode.size === 0) this.#waiting.delete(node);
    clearTimeout(waiting.timer);
    return waiting;
  }
}
