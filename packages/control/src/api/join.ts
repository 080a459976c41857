import { JOIN_PATH } from '@evenkeel/model/plan/membership.ts';
import type { FastifyInstance } from 'fastify';
import type { RequestRates } from '../access/rate-limits.ts';
import type { Joining } from '../nodes/membership/joining.ts';
import { ProblemError } from '../problem.ts';

/** Bytes of a request to join. */
const BODY_LIMIT = 8_192;

/** The route by which nodes join: no part of the API that people call, for who comes has no credential but its token. */
export function registerJoin(
  app: FastifyInstance,
  { joining, rates }: { readonly joining: Joining; readonly rates: RequestRates },
): void {
  app.post(
    JOIN_PATH,
    {
      bodyLimit: BODY_LIMIT,
      config: { operation: 'agentJoin' },
      onRequest: async (request) => {
        rates.checkSource(request.ip);
        rates.countAnonymous(request.ip);
        request.actor = 'node';
      },
    },
    async (request, reply) => {
      try {
        const answer = await joining.join(request.body, { source: request.ip, requestId: request.id });
        return reply.header('cache-control', 'no-store').send(answer);
      } catch (error) {
        // Whoever guesses is sent away after some attempts.
        if (error instanceof ProblemError && error.code === 'join-token-refused') rates.failed(request.ip);
        throw error;
      }
    },
  );
}
