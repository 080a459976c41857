/** The commands that main.ts runs by itself, each with the help that is the only place where its options are listed. */
const HELP: Readonly<Record<string, () => Promise<string>>> = {
  start: async () => (await import('../start/options.ts')).START_HELP,
  status: async () => (await import('../start/status-command.ts')).STATUS_HELP,
  stop: async () => (await import('../start/stop-command.ts')).STOP_HELP,
  upgrade: async () => (await import('../start/upgrade-command.ts')).UPGRADE_HELP,
};

export interface ProcessOption {
  readonly value: string;
  readonly description: string;
}

/** The options of `start` and its like; null for any other command. */
export async function processOptions(command: string): Promise<readonly ProcessOption[] | null> {
  if (!Object.hasOwn(HELP, command)) return null;
  const help = await HELP[command]();
  // A line of the list: `  -h, --help   this text`; an option of the first line alone has no description.
  const listed = [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)(?: [A-Z]+)? {2,}(.+)$/gm)];
  const descriptions = new Map(listed.map(([, flag, description]) => [flag, description]));
  const flags = new Set([...help.matchAll(/(?<=^ {2}(?:-\w, )?|\[)--[a-z-]+/gm)].map(([flag]) => flag));
  return [...flags].map((value) => ({ value, description: descriptions.get(value) ?? '' }));
}
