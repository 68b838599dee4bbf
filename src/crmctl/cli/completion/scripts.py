"""What each shell needs to ask crmctl for completions. `completions/` holds copies of these."""

from __future__ import annotations

BASH = """\
# bash completion for crmctl
_crmctl() {
    local line word
    COMPREPLY=()
    if [[ $3 == [\\<\\>]* || $3 == '&>'* ]]; then
        compopt -o default 2>/dev/null # a redirection: to a file
        return
    fi
    while IFS= read -r line; do
        word=${line%%$'\\t'*}
        if [[ $word == :files ]]; then
            compopt -o default 2>/dev/null
        elif [[ ${COMP_TYPE:-9} == 63 && $line == *$'\\t'* ]]; then
            # 63: bash lists the possibilities and inserts none, so a description does no harm.
            COMPREPLY+=("$word  (${line#*$'\\t'})")
        else
            COMPREPLY+=("$word")
        fi
        # COMP_WORDS has quotes in it, and parts of words: a:b is three.
    done < <(COMP_LINE=${COMP_LINE:0:COMP_POINT} command crmctl __complete 2>/dev/null)
}
# Before bash 4.4, which has no nosort, files are completed wherever there is nothing else.
complete -o bashdefault -o nosort -F _crmctl crmctl 2>/dev/null ||
    complete -o bashdefault -o default -F _crmctl crmctl
"""

ZSH = """\
#compdef crmctl
# zsh completion for crmctl
_crmctl() {
    local line word
    local -a lines described
    lines=("${(@f)$(command crmctl __complete \\
        "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    [[ $PREFIX == --*=* ]] && compset -P 1 '*='
    for line in "${lines[@]}"; do
        word=${line%%$'\\t'*}
        if [[ $word == :files ]]; then
            _files
            return
        elif [[ $line == *$'\\t'* ]]; then
            described+=("$word:${${line#*$'\\t'}//\\\\/\\\\\\\\}")
        elif [[ -n $word ]]; then
            described+=("$word")
        fi
    done
    (( $#described )) && _describe -V crmctl described
}
if [[ ${funcstack[1]} == _crmctl ]]; then
    _crmctl "$@"
else
    compdef _crmctl crmctl
fi
"""

FISH = """\
# fish completion for crmctl
function __crmctl_complete
    set -l before (commandline -opc)
    while string match -qr '^\\w+=' -- "$before[1]"
        set -e before[1] # NAME=value before the command
    end
    set -l current (commandline -ct)
    set -l option (string match -r -- '^--[^=]+=' $current)
    set -l typed (string trim --left --chars='"\\'' -- $current)
    for line in (command crmctl __complete $before[2..-1] "$typed" 2>/dev/null)
        if test "$line" = :files
            complete --do-complete "'' $current"
        else
            printf '%s%s\\n' "$option" $line
        end
    end
end
complete --command crmctl --no-files --keep-order --arguments '(__crmctl_complete)'
"""

POWERSHELL = """\
# PowerShell completion for crmctl
Register-ArgumentCompleter -Native -CommandName crmctl -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $length = $cursorPosition - $commandAst.Extent.StartOffset
    $option = if ($wordToComplete -match '^--[^=]+=') { $Matches[0] } else { '' }
    try {
        # Not as arguments: before 7.3, PowerShell drops those that are empty.
        $env:COMP_LINE = "$commandAst".PadRight($length).Substring(0, $length)
        $lines = @(crmctl __complete 2>$null)
    } finally {
        Remove-Item Env:COMP_LINE
    }
    if ($lines.Count -eq 0) { return '' } # else PowerShell completes files
    $lines | Where-Object { $_ -ne ':files' } | ForEach-Object {
        $word, $description = $_ -split "`t", 2
        if (-not $description) { $description = $word }
        [System.Management.Automation.CompletionResult]::new(
            "$option$word", $word, 'ParameterValue', $description)
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
