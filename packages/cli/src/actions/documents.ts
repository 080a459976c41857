import { ApiError } from '@evenkeel/client/errors.ts';
import { problemInFiles } from '../document/problem.ts';
import type { DocumentEntry } from '../document/read.ts';

/** What the entries of files are as the body of a call; what is wrong with it is said of the files. */
export async function sendDocuments<T>(
  entries: readonly DocumentEntry[],
  send: (documents: {
    readonly securityGroups?: unknown[];
    readonly vpcs?: unknown[];
    readonly loadBalancers: unknown[];
  }) => Promise<T>,
): Promise<T> {
  const valuesOf = (wanted: DocumentEntry['list']) =>
    entries.filter(({ list }) => list === wanted).map(({ value }) => value);
  const groups = valuesOf('securityGroups');
  const vpcs = valuesOf('vpcs');
  try {
    return await send({
      ...(groups.length > 0 && { securityGroups: groups }),
      ...(vpcs.length > 0 && { vpcs }),
      loadBalancers: valuesOf('loadBalancers'),
    });
  } catch (error) {
    if (error instanceof ApiError && error.problem.errors) throw problemInFiles(error, entries);
    throw error;
  }
}
