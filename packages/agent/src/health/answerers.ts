import {
  EVIDENCE_TARGETS,
  type EvidenceAnswer,
  type EvidenceQuestion,
  TRIAL_TARGETS,
  type TrialQuestion,
} from '@evenkeel/model/plan/evidence.ts';
import { address, healthCheck, id, port } from '../plan/entry-shape.ts';
import { fields, integer, list, nullable, type Shape } from '../plan/shape.ts';
import type { HealthChecker } from './checker.ts';

const evidenceShape = fields({ serviceId: id, targetId: nullable(id), limit: integer(1, EVIDENCE_TARGETS) });
const trialShape = fields({
  check: healthCheck,
  proxyProtocol: integer(0, 2),
  targets: list(fields({ targetId: id, address, port })),
});

/** What the control plane may ask about health. A question of another shape is answered with what is wrong with it. */
export function healthAnswerers(checker: HealthChecker) {
  return {
    'health-evidence': (question: EvidenceQuestion): Promise<EvidenceAnswer> => {
      check(evidenceShape, question);
      return checker.evidence(question);
    },
    'health-trial': (question: TrialQuestion): Promise<EvidenceAnswer> => {
      check(trialShape, question);
      if (question.targets.length > TRIAL_TARGETS)
        throw new Error(`at most ${TRIAL_TARGETS} targets are tried at a time`);
      return checker.trial(question);
    },
  };
}

function check(shape: Shape, question: unknown): void {
  const fault = shape(question, '');
  if (fault !== '') throw new Error(fault);
}
