# SPDX-License-Identifier: MIT
# fish completion for kerntune(8).
#
# Commands, options and words all come from the hidden command "kerntune __complete", so that this file need not
# change with them.

# What the argument of option $argv[1] is, by the lines that follow: "-" for a flag, nothing for an unknown one.
function __kerntune_kind
    for line in $argv[2..-1]
        set -l fields (string split \t -- $line)
        if test "$fields[1]" = "$argv[1]"
            echo $fields[2]
            return
        end
    end
end

# Prints what the word $argv[2] of kind $argv[1] may be; $argv[3] is the command, the rest asks the program.
function __kerntune_offer_kind
    set -l word $argv[2]
    set -l ask $argv[4..-1]
    switch "$argv[1]"
        case profile
            $ask profile 2>/dev/null
            set -l files $word*.yaml $word*/
            if contains -- "$argv[3]" apply diff verify # saved plans too
                set -a files $word*.json
            end
            if test "$argv[3]" = check
                set -a files $word*.conf
            end
            string join \n -- $files
        case id
            $ask id 2>/dev/null
        case key catalogue
            # Keys are shown with dots; one begun with slashes goes on with slashes.
            if string match -qr '^[^.]*/' -- $word
                $ask $argv[1] 2>/dev/null | string replace -a . \1 | string replace -a / . | string replace -a \1 /
            else
                $ask $argv[1] 2>/dev/null
            end
        case check finding
            $ask $argv[1] 2>/dev/null
        case format
            $ask format $argv[3] 2>/dev/null
        case directory
            set -l directories $word*/
            string join \n -- $directories
        case netns
            set -l spaces /run/netns/*
            string replace /run/netns/ '' -- $spaces
        case file
            set -l files $word*
            string join \n -- $files
        case '* *'
            string split ' ' -- $argv[1]
    end
end

function __kerntune_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -l passed
    set -l name_of_command
    set -l name
    set -l kind
    set -l only_arguments
    set -l options ($program __complete options 2>/dev/null)

    for word in $words[2..-1]
        if test -n "$kind"
            contains -- $name --root --profile-dir
            and set -a passed $name $word
            set kind
        else if test "$word" = --
            set only_arguments yes
        else if test -z "$only_arguments"; and string match -q -- '--*=*' $word
            string match -qr -- '^--(root|profile-dir)=' $word
            and set -a passed $word
        else if test -z "$only_arguments"; and string match -q -- '-?*' $word
            set name $word
            set kind (__kerntune_kind $name $options)
            test "$kind" = -
            and set kind
        else if test -z "$name_of_command"
            set name_of_command $word
            set options ($program __complete options $word 2>/dev/null)
        end
    end

    set -l ask $program $passed __complete
    if test -n "$kind"
        __kerntune_offer_kind $kind "$current" "$name_of_command" $ask
    else if test -z "$only_arguments"; and string match -q -- '--*=*' $current
        set -l parts (string split -m 1 = -- $current)
        set kind (__kerntune_kind $parts[1] $options)
        __kerntune_offer_kind "$kind" "$parts[2]" "$name_of_command" $ask | string replace -r -- '^' "$parts[1]="
    else if test -z "$only_arguments"; and string match -q -- '-*' $current
        # Name and help of each; what the argument is stands between them.
        string replace -r '\t[^\t]*\t' \t -- $options
    else if test -z "$name_of_command"
        $ask commands 2>/dev/null
    else
        for kind in ($ask arguments $name_of_command 2>/dev/null)
            __kerntune_offer_kind $kind "$current" $name_of_command $ask
        end
    end
end

complete -c kerntune -f -k -a '(__kerntune_complete)'
