/** Exit codes; scripts may compare them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  unreachable: 5,
  timeout: 6,
  differences: 7,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What each means, for help and documentation. */
export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'done',
  failed: 'refused (by the control plane, or by a node that cannot run it), or failed',
  usage: 'the command line, or a value or file that it gives, is wrong',
  notFound: 'something that it names does not exist',
  conflict: 'in the way: name or port taken, still in use, changed meanwhile, quota reached',
  unreachable: 'the control plane does not run, or cannot be reached',
  timeout: 'saved, but not applied by every node within the time limit',
  differences: 'a dry run, a plan or a comparison has found differences',
};
