/**
 * What a shell needs to complete `evenkeel`. Each asks `evenkeel complete SHELL -- WORDS…` with the words before the
 * cursor, the last of them being the one to complete, and gets a candidate a line, with its description, if any, behind a tab;
 * the line `:files` asks for file names.
 */
export type Shell = 'bash' | 'zsh' | 'fish';

export function completionScript(shell: Shell): string {
  switch (shell) {
    case 'bash':
      return BASH;
    case 'zsh':
      return ZSH;
    case 'fish':
      return FISH;
  }
}

const BASH = `# bash completion for evenkeel
_evenkeel() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o default 2>/dev/null
    else
      COMPREPLY+=("\${line%%$'\\t'*}")
    fi
  done < <(evenkeel complete bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _evenkeel evenkeel
`;

const ZSH = `#compdef evenkeel
_evenkeel() {
  local line files
  local -a candidates
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      files=1
    else
      line=\${line//:/\\\\:}
      candidates+=("\${line/$'\\t'/:}")
    fi
  done < <(evenkeel complete zsh -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  (( \${#candidates} )) && _describe evenkeel candidates
  [[ -n $files ]] && _files
}
if [[ $funcstack[1] == _evenkeel ]]; then
  _evenkeel "$@"
else
  compdef _evenkeel evenkeel
fi
`;

const FISH = `# fish completion for evenkeel
function __evenkeel_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (evenkeel complete fish -- $words[2..] 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c evenkeel -f -a '(__evenkeel_complete)'
`;
