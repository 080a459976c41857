const FORM = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/i;

/** Whether the text is a moment as RFC 3339 §5.6 writes it, with its distance from UTC. */
export function isTimestamp(text: string): boolean {
  return FORM.test(text) && !Number.isNaN(Date.parse(text));
}
