# SPDX-License-Identifier: MIT
# bash completion for kerntune(8).
#
# Commands, options and words all come from the hidden command "kerntune __complete", so that this file need not
# change with them. Needs nothing of the bash-completion project.

# Asks the program; the words in _kerntune_passed (--root, --profile-dir) go along.
_kerntune_ask()
{
	"$_kerntune_program" "${_kerntune_passed[@]}" __complete "$@" 2>/dev/null
}

# What the argument of option $1 is, by the list of options $2: "-" for a flag, nothing for an unknown one.
_kerntune_kind()
{
	local name kind help

	while IFS=$'\t' read -r name kind help; do
		if [[ $name == "$1" ]]; then
			printf '%s\n' "$kind"
			return
		fi
	done <<<"$2"
}

# The typed word without quotes, and with the home directory.
_kerntune_unquote()
{
	local word=${1//[\"\'\\]/}

	printf '%s\n' "${word/#\~\//$HOME/}"
}

# Offers the lines of the input, up to the first tab, that begin with $1.
_kerntune_offer()
{
	local line

	while IFS= read -r line; do
		line=${line%%$'\t'*}
		[[ $line && $line == "$1"* ]] && COMPREPLY+=("$line")
	done
}

_kerntune_offer_files()	# WORD compgen-options...
{
	local word=$1 line

	shift
	while IFS= read -r line; do
		COMPREPLY+=("$line")
		compopt -o filenames 2>/dev/null
	done < <(compgen "$@" -- "$word")
}

# Keys are shown with dots; one begun with slashes goes on with slashes.
_kerntune_offer_keys()	# KIND WORD
{
	if [[ ${2%%/*} != "$2" && ${2%%/*} != *.* ]]; then
		_kerntune_offer "$2" < <(_kerntune_ask "$1" | tr ./ /.)
	else
		_kerntune_offer "$2" < <(_kerntune_ask "$1")
	fi
}

# Offers what the word $2 of kind $1 may be.
_kerntune_offer_kind()
{
	case $1 in
	profile)
		_kerntune_offer "$2" < <(_kerntune_ask profile)
		_kerntune_offer_files "$2" -f -X '!*.yaml'
		case $_kerntune_command in
		apply | diff | verify) _kerntune_offer_files "$2" -f -X '!*.json' ;;	# saved plans
		check) _kerntune_offer_files "$2" -f -X '!*.conf' ;;
		esac
		if [[ $2 == */* || ${#COMPREPLY[@]} -eq 0 ]]; then
			_kerntune_offer_files "$2" -d
		fi
		;;
	id)
		compopt -o nosort 2>/dev/null	# the newest first
		_kerntune_offer "$2" < <(_kerntune_ask id)
		;;
	key | catalogue) _kerntune_offer_keys "$1" "$2" ;;
	check | finding) _kerntune_offer "$2" < <(_kerntune_ask "$1") ;;
	format) _kerntune_offer "$2" < <(_kerntune_ask format "$_kerntune_command") ;;
	directory) _kerntune_offer_files "$2" -d ;;
	netns)
		_kerntune_offer "$2" < <(ls /run/netns 2>/dev/null)
		[[ $2 == */* ]] && _kerntune_offer_files "$2" -f
		;;
	file) _kerntune_offer_files "$2" -f ;;
	*' '*) _kerntune_offer "$2" < <(printf '%s\n' "$1" | tr ' ' '\n') ;;	# the words themselves
	esac
}

_kerntune()
{
	local _kerntune_program=${1/#\~\//$HOME/} _kerntune_command=
	local -a _kerntune_passed=() words=()
	local i word name= kind= options only_arguments= prefix=

	COMPREPLY=()
	# Where "=" breaks words, "--name=value" comes as three of them.
	for ((i = 1; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if ((${#words[@]})) && [[ ${words[-1]} == --* ]] &&
			[[ $word == '=' || (${words[-1]} == *= && ${COMP_WORDS[i - 1]} == '=') ]]; then
			words[-1]+=$word
		else
			words+=("$word")
		fi
	done
	if ((${#words[@]} == 0)); then
		words=('')
	fi

	options=$(_kerntune_ask options)
	for ((i = 0; i < ${#words[@]} - 1; i++)); do
		word=${words[i]}
		if [[ $kind ]]; then
			case $name in
			--root | --profile-dir) _kerntune_passed+=("$name" "$(_kerntune_unquote "$word")") ;;
			esac
			kind=
		elif [[ $word == -- ]]; then
			only_arguments=yes
		elif [[ ! $only_arguments && $word == --*=* ]]; then
			case $word in
			--root=* | --profile-dir=*)
				_kerntune_passed+=("${word%%=*}" "$(_kerntune_unquote "${word#*=}")")
				;;
			esac
		elif [[ ! $only_arguments && $word == -?* ]]; then
			name=$word
			kind=$(_kerntune_kind "$name" "$options")
			[[ $kind == - ]] && kind=
		elif [[ ! $_kerntune_command ]]; then
			_kerntune_command=$word
			options=$(_kerntune_ask options "$word")
		fi
	done

	word=${words[-1]}
	if [[ $kind ]]; then
		_kerntune_offer_kind "$kind" "$word"
	elif [[ ! $only_arguments && $word == --*=* ]]; then
		_kerntune_offer_kind "$(_kerntune_kind "${word%%=*}" "$options")" "${word#*=}"
		[[ $COMP_WORDBREAKS != *=* ]] && prefix=${word%%=*}=
		for i in "${!COMPREPLY[@]}"; do
			COMPREPLY[i]=$prefix${COMPREPLY[i]}
		done
	elif [[ ! $only_arguments && $word == -* ]]; then
		_kerntune_offer "$word" <<<"$options"
	elif [[ ! $_kerntune_command ]]; then
		_kerntune_offer "$word" < <(_kerntune_ask commands)
	else
		for kind in $(_kerntune_ask arguments "$_kerntune_command"); do
			_kerntune_offer_kind "$kind" "$word"
		done
	fi
}

complete -F _kerntune kerntune
