import { Argument, type Command } from 'commander';
import type { Bind } from './call.ts';
import { addExamples } from './words.ts';

export function addCompletion(program: Command, bind: Bind): void {
  const completion = program
    .command('completion')
    .description('Print a script that teaches a shell to complete commands, options, names and identifiers')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']));
  addExamples(
    completion,
    '# bash: in ~/.bashrc',
    'source <(evenkeel completion bash)',
    '# zsh: in ~/.zshrc, after compinit',
    'source <(evenkeel completion zsh)',
    '# fish',
    'evenkeel completion fish > ~/.config/fish/completions/evenkeel.fish',
  );
  bind(completion, async ({ io, args }) => {
    const { completionScript } = await import('../completion/scripts.ts');
    io.out(completionScript(args[0] as 'bash' | 'zsh' | 'fish'));
    return undefined;
  });
}
