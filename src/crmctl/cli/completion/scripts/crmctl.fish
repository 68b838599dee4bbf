# fish completion for crmctl
function __crmctl_complete
    set -l before (commandline -opc)
    while string match -qr '^\w+=' -- "$before[1]"
        set -e before[1] # NAME=value before the command
    end
    set -l current (commandline -ct)
    set -l option (string match -r -- '^--[^=]+=' $current)
    set -l typed (string unescape -- $current; or string trim --left --chars='"\'' -- $current)
    for line in (command crmctl __complete $before[2..-1] "$typed" 2>/dev/null)
        if test "$line" = :files
            complete --do-complete "'' $current"
        else
            printf '%s%s\n' "$option" $line
        end
    end
end
complete --command crmctl --no-files --keep-order --arguments '(__crmctl_complete)'
