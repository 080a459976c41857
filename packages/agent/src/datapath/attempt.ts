/** What has gone wrong; null: nothing. */
export function attempt(work: () => void): Error | null {
  try {
    work();
    return null;
  } catch (error) {
    return error as Error;
  }
}
