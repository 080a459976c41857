/** The host that a rule of a scenario is for, when there are several rules. */
export function hostOfRule(index: number): string {
  return `h${index}.example.com`;
}
