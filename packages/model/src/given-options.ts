/** The variable that an option may be given by: EVENKEEL_METRICS_PORT in place of --metrics-port. */
export function variableOf(option: string): string {
  return `EVENKEEL_${option.toUpperCase().replaceAll('-', '_')}`;
}

/**
 * What there is to say against an option, under the name by which it was given: a sentence that begins with
 * `--metrics-port` begins with its variable where that has the value, and no such option is on the command line.
 */
export function complaintAsGiven(
  complaint: string,
  isOnCommandLine: (option: string) => boolean,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const [name, option] = /^--([a-z0-9-]+)/.exec(complaint) ?? [];
  if (name === undefined || option === undefined || isOnCommandLine(option)) return complaint;
  // An option that may be repeated has a variable for all, whose name is a plural.
  const variable = [variableOf(option), `${variableOf(option)}S`].find((one) => environment[one] !== undefined);
  return variable === undefined ? complaint : variable + complaint.slice(name.length);
}
