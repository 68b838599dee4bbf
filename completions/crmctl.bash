# bash completion for crmctl
_crmctl() {
    local line word
    COMPREPLY=()
    if [[ $3 == [\<\>]* || $3 == '&>'* ]]; then
        compopt -o default 2>/dev/null # a redirection: to a file
        return
    fi
    while IFS= read -r line; do
        word=${line%%$'\t'*}
        if [[ $word == :files ]]; then
            compopt -o default 2>/dev/null
        elif [[ ${COMP_TYPE:-9} == 63 && $line == *$'\t'* ]]; then
            # 63: bash lists the possibilities and inserts none, so a description does no harm.
            COMPREPLY+=("$word  (${line#*$'\t'})")
        else
            # A name has blanks. Inside of an open quote bash needs no others.
            [[ $word != *[\ \&\(\)]* || ${COMP_WORDS[COMP_CWORD]} == [\"\']* ]] || printf -v word %q "$word"
            COMPREPLY+=("$word")
        fi
        # COMP_WORDS has quotes in it, and parts of words: a:b is three.
    done < <(COMP_LINE=${COMP_LINE:0:COMP_POINT} command crmctl __complete 2>/dev/null)
}
# Before bash 4.4, which has no nosort, files are completed wherever there is nothing else.
complete -o bashdefault -o nosort -F _crmctl crmctl 2>/dev/null ||
    complete -o bashdefault -o default -F _crmctl crmctl
