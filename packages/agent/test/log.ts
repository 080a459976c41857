import { type Logger, pino } from 'pino';

/** A log that is kept in memory, one object a line. */
export function recordingLog(): { log: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  return { log, lines };
}

export const silentLog: Logger = pino({ level: 'silent' });
