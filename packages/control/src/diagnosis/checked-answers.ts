import { EndedRequests, RequestReport } from '@evenkeel/model/resources/ended-request.ts';
import { Explanation } from '@evenkeel/model/resources/explanation.ts';
import { Flows } from '@evenkeel/model/resources/flow.ts';
import { HealthEvidence, HealthTrial } from '@evenkeel/model/resources/health-evidence.ts';
import { ListenerTraffic, RuleGroupTraffic, ServiceTraffic } from '@evenkeel/model/resources/traffic.ts';
import { Ref } from '@evenkeel/model/schema.ts';
import type { Validators } from '../api/validation.ts';
import { ProblemError } from '../problem.ts';

const ANSWERS = {
  Explanation,
  RequestReport,
  EndedRequests,
  Flows,
  ListenerTraffic,
  RuleGroupTraffic,
  ServiceTraffic,
  HealthEvidence,
  HealthTrial,
};

/** Gives the answer back when it has the shape that the API promises; what nodes say is not taken on trust. */
export type AnswerCheck = <T extends object>(name: keyof typeof ANSWERS, answer: T) => T;

export function answerCheck(validators: Validators): AnswerCheck {
  const checks = new Map(
    Object.entries(ANSWERS).map(([name, schema]) => [name, validators.for(Ref(schema), 'body')] as const),
  );
  return (name, answer) => {
    try {
      checks.get(name)?.(answer);
      return answer;
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      throw new ProblemError('node-unavailable', `a node has answered in a form that is not known here: ${detail}`);
    }
  };
}
