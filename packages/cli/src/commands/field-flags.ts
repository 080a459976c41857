import type { Command, Option } from 'commander';

/**
 * The fields of the API that options set, for what the API says against a value: whoever has typed an option is told
 * of the option.
 */
const fields = new WeakMap<Option, string>();

/** Notes which field an option sets; a dot goes into an object. */
export function setting(option: Option, field: string): Option {
  fields.set(option, field);
  return option;
}

/** Where the fields of one resource stand within a body that creates several. */
const WITHIN = /^(?:listeners\[\d+\]\.)?(?:service\.)?/;
const INDEX = /(?:\[\d+\])+$/;

/** The option of a command that sets a field, such as `limits.bodySize` or `query source`, or null if there is none. */
export function flagOf(command: Command, field: string): string | null {
  const name = field.replace(WITHIN, '').replace(INDEX, '');
  const own = command.options.find((option) => fields.get(option) === name);
  if (own !== undefined) return own.long ?? null;
  // Of a question, the parameters are called as the options are; an element of a list is `query header/0`.
  const parameter = /^query (\w+)(?:\/\d+)?$/.exec(field)?.[1];
  return command.options.find((option) => option.attributeName() === parameter)?.long ?? null;
}
