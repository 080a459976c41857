/** What the two parts of a reason mean (see the guide on the access log), for whoever asks about one request. */

const WHO: Readonly<Record<string, string>> = {
  client: 'the client went away, reset, stalled, or sent what cannot be understood or accepted',
  target: 'the target went away, reset, stalled, or sent what cannot be understood',
  proxy: 'the load balancer refused, ran out of something, or was told to let go',
};

const PHASE: Readonly<Record<string, string>> = {
  accept: 'when its connection was accepted',
  connect: 'while a connection was being made',
  handshake: 'while TLS was being agreed on',
  'plain-http': 'when it spoke plain HTTP where TLS is spoken',
  authentication: 'when a token was asked for',
  'request-head': 'while the head of the request was awaited',
  'request-body': 'while the body of the request was on its way',
  'queue-full': 'when all targets had as much as they may have, and no place was left to wait',
  'queue-timeout': 'while it waited for a target, all of which had as much as they may have',
  rebalance: 'to have it made anew where there is less to do',
  route: 'when a service and a target were looked for',
  'response-head': 'while the head of the response was awaited',
  'response-body': 'while the body of the response was on its way',
  tunnel: 'while both ways were open',
  idle: 'while nothing moved',
};

export const ENDED_BY = ['nobody', 'client', 'target', 'proxy'] as const;

export interface ReasonInWords {
  readonly endedBy: (typeof ENDED_BY)[number];
  /** Empty when nothing was wrong. */
  readonly phase: string;
  /** One sentence. */
  readonly meaning: string;
}

/** `reason` as log and metrics have it, such as `target-response-head`. One that is not known here stands for itself. */
export function reasonInWords(reason: string): ReasonInWords {
  if (reason === 'none') return { endedBy: 'nobody', phase: '', meaning: 'It ended as it should.' };
  const dash = reason.indexOf('-');
  const who = reason.slice(0, Math.max(0, dash));
  const phase = reason.slice(dash + 1);
  const endedBy = ENDED_BY.find((word) => word === who) ?? 'nobody';
  const [subject, time] = [WHO[who] ?? who, PHASE[phase] ?? `in the phase ${phase}`];
  const sentence = `${subject}, ${time}.`;
  return { endedBy, phase, meaning: sentence.charAt(0).toUpperCase() + sentence.slice(1) };
}
