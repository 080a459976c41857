/** What the checks read of a line of the access log. */
export interface LogLine {
  readonly client_ip: string;
  readonly method: string;
  readonly uri: string;
  readonly protocol: string;
  readonly status: number;
  readonly request_id: string;
  /** Absent, both of them, when no attempt failed. */
  readonly attempts?: number;
  readonly failed_attempts?: string;
}

/** Null when it is no JSON object with these fields. */
export function parseLogLine(line: string): LogLine | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  return isLogLine(value) ? value : null;
}

function isLogLine(value: unknown): value is LogLine {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  const texts = ['client_ip', 'method', 'uri', 'protocol', 'request_id'].every(
    (name) => typeof fields[name] === 'string',
  );
  const failed = fields['failed_attempts'];
  if (failed !== undefined && typeof failed !== 'string') return false;
  const attempts = fields['attempts'];
  if (attempts !== undefined && typeof attempts !== 'number') return false;
  return texts && typeof fields['status'] === 'number';
}
