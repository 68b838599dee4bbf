"""What each shell needs to ask crmctl for completions. `completions/` holds copies of these."""

from __future__ import annotations

BASH = """\
# bash completion for crmctl
_crmctl() {
    local word description
    COMPREPLY=()
    while IFS=$'\\t' read -r word description; do
        # 63: bash lists the possibilities and inserts none, so a description does no harm.
        if [[ ${COMP_TYPE:-9} == 63 && -n $description ]]; then
            COMPREPLY+=("$word  ($description)")
        else
            COMPREPLY+=("$word")
        fi
    done < <(crmctl __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o bashdefault -o default -F _crmctl crmctl
"""

ZSH = """\
#compdef crmctl
# zsh completion for crmctl
_crmctl() {
    local line word
    local -a lines described
    lines=("${(@f)$(crmctl __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
    for line in "${lines[@]}"; do
        [[ -n $line ]] || continue
        word=${line%%$'\\t'*}
        if [[ $line == *$'\\t'* ]]; then
            described+=("${word//:/\\\\:}:${line#*$'\\t'}")
        else
            described+=("${word//:/\\\\:}")
        fi
    done
    if (( $#described )); then
        _describe -V crmctl described
    else
        _files
    fi
}
if [[ $funcstack[1] == _crmctl ]]; then
    _crmctl "$@"
else
    compdef _crmctl crmctl
fi
"""

FISH = """\
# fish completion for crmctl
function __crmctl_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l found (crmctl __complete $before[2..-1] "$current" 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path "$current"
    end
end
complete --command crmctl --no-files --keep-order --arguments '(__crmctl_complete)'
"""

POWERSHELL = """\
# PowerShell completion for crmctl
Register-ArgumentCompleter -Native -CommandName crmctl -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
    if ($wordToComplete -eq '') { $words += '' }
    crmctl __complete @words 2>$null | ForEach-Object {
        $word, $description = $_ -split "`t", 2
        if (-not $description) { $description = $word }
        [System.Management.Automation.CompletionResult]::new(
            $word, $word, 'ParameterValue', $description)
    }
}
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH, "powershell": POWERSHELL}

# The names under which shells look for the scripts, and under which `completions/` keeps them.
FILE_NAMES = {
    "bash": "crmctl.bash",
    "zsh": "_crmctl",
    "fish": "crmctl.fish",
    "powershell": "crmctl.ps1",
}
