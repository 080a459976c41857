import type { Report, Reports } from '@evenkeel/testbed/crowd/tally.ts';
import type { Finding } from './soak.ts';

/** Failures of all kinds of clients; none is allowed. */
export function failuresOf(reports: Reports, limit: number | null = 0): Finding {
  const kinds = Object.entries(reports).flatMap(([name, { failures }]) =>
    Object.entries(failures).map(([how, count]) => `${name}: ${count} × ${how}`),
  );
  return {
    what: 'Failed requests',
    value: sum(reports, ({ failures }) => Object.values(failures).reduce((all, count) => all + count, 0)),
    unit: '',
    limit,
    detail: kinds.join('; '),
  };
}

/** Connections that ended without a word; none is allowed. */
export function closedOf(reports: Reports): Finding {
  const kinds = Object.entries(reports).filter(([, { closed }]) => closed > 0);
  return {
    what: 'Connections that were closed unannounced',
    value: sum(reports, ({ closed }) => closed),
    unit: '',
    limit: 0,
    detail: kinds.map(([name, { closed }]) => `${name}: ${closed}`).join('; '),
  };
}

export function answeredOf(reports: Reports): Finding {
  return { what: 'Requests and messages', value: sum(reports, ({ answered }) => answered), unit: '', limit: null };
}

/** The slowest hundredth of one kind of clients, against that of a time without disturbance. */
export function slowdownOf(kind: string, quiet: Reports, busy: Reports, limit: number): readonly Finding[] {
  return [
    { what: `p99 of ${kind}, quiet`, value: quiet[kind].p99, unit: 'ms', limit: null },
    { what: `p99 of ${kind}, meanwhile`, value: busy[kind].p99, unit: 'ms', limit: null },
    { what: `p99 of ${kind}, ratio`, value: busy[kind].p99 / quiet[kind].p99, unit: '×', limit },
  ];
}

function sum(reports: Reports, of: (report: Report) => number): number {
  return Object.values(reports).reduce((all, report) => all + of(report), 0);
}
