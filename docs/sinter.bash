# Completion for bash. What there is to complete the command says itself: its subcommands, options and functions are
# read from `sinter help` and `sinter functions`, so that this file need not follow them.
#
# Installed as share/bash-completion/completions/sinter; or, in ~/.bashrc: source docs/sinter.bash

_sinter_commands()
{
    "$1" help 2>/dev/null | sed -n 's/^  sinter \([a-z]*\) .*/\1/p'
}

_sinter_options()
{
    "$1" help "$2" 2>/dev/null | sed -n 's/^  \(-[a-zA-Z], \)\{0,1\}\(--[a-z0-9-]*\).*/\2/p'
}

# What may stand behind an option, where that is one of a few words.
_sinter_values()
{
    case $2 in
    --engine) echo auto interp scalar avx2 avx512 neon ;;
    --lanes) echo 1 4 8 16 ;;
    --type) echo f32 f64 ;;
    --filter) echo box tent gaussian mitchell ;;
    --colormap) "$1" functions 'colour maps' 2>/dev/null | sed 's/(.*//' ;;
    --passes) echo identity fold affine expand hoist dce ;;
    --device) echo auto jack alsa null ;;
    --bits) echo 16 24 32 ;;
    --depth) echo 8 16 32 ;;
    --drop) echo x theta ;;
    --na) echo error skip ;;
    *) return 1 ;;
    esac
}

_sinter_reply()
{
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

_sinter()
{
    local sinter=${COMP_WORDS[0]} command=${COMP_WORDS[1]} word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
    local values
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        _sinter_reply "$(_sinter_commands "$sinter") --help --version" "$word"
        return
    fi
    # --engine=a is three words here, of which the = is one
    [ "$before" = = ] && before=${COMP_WORDS[COMP_CWORD-2]}
    [ "$word" = = ] && before=${COMP_WORDS[COMP_CWORD-1]} word=
    if values=$(_sinter_values "$sinter" "$before"); then
        _sinter_reply "$values" "$word"
        return
    fi
    case $command:$word in
    *:-*) _sinter_reply "$(_sinter_options "$sinter" "$command")" "$word" ;;
    help:*) _sinter_reply "$(_sinter_commands "$sinter")" "$word" ;;
    functions:*) _sinter_reply "$("$sinter" functions 2>/dev/null | sed -n 's/^\([a-z0-9_]*\)(.*/\1/p' | sort -u)" "$word" ;;
    bench:*) _sinter_reply "engines prototype compile families math graph density gain affine10 circle normal normal_sum random100 random1000 prospero perlin perlin3 simplex2 simplex3 fbm worley2" "$word" ;;
    *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    esac
}

complete -o filenames -o bashdefault -F _sinter sinter
