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
        if ($word -match '[^\w.,:=/+@%-]') { $word = "'$word'" } # a name: it holds no quote
        [System.Management.Automation.CompletionResult]::new(
            "$option$word", $word, 'ParameterValue', $description)
    }
}
