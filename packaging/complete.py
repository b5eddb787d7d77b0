#!/usr/bin/python3
"""complete.py PROGRAM OUTPUT: completion for bash, made of what the program itself says with --help."""
import pathlib
import sys

from man import ask, read_commands, read_options

FILES = {"--rules", "--data", "--events", "--answers", "--samples", "--from", "--to", "--wsdl", "--args", "--answer", "--headers", "--lcov", "--junit", "--web-root"}
WORDS = {"--state": "pending delivered dead expired", "--durability": "full relaxed none"}

TEMPLATE = """# Completion of switchhook for bash. Made by packaging/complete.py from the program's own help.
_switchhook() {{
  local cur prev command options
  cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} command=${{COMP_WORDS[1]}}
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W "{commands} --help --version" -- "$cur")
    return
  fi
  case $prev in
{values}  esac
  case $command in
{options}  esac
  case $cur in
    -*) mapfile -t COMPREPLY < <(compgen -W "$options --help" -- "$cur") ;;
    *) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
  esac
}}
complete -o filenames -F _switchhook switchhook
"""


def main():
    program, output = sys.argv[1], pathlib.Path(sys.argv[2])
    commands = [name for name, _ in read_commands(program)]
    names = {}
    for command in commands:
        usage = ask(program, command).partition("Usage: ")[2]
        found = [option.split("--", 1)[1] for option, _ in read_options(usage)]
        names[command] = sorted({"--" + name.split("=")[0].split(" ")[0] for name in found} - {"--help"})
    used = set().union(*names.values())
    values = "".join(f'    {option}) mapfile -t COMPREPLY < <(compgen -W "{words}" -- "$cur"); return ;;\n'
                     for option, words in sorted(WORDS.items()) if option in used)
    files = "|".join(sorted(FILES & used))
    values += f'    {files}) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;\n'
    options = "".join(f'    {command}) options="{" ".join(list_)}" ;;\n' for command, list_ in names.items())
    output.write_text(TEMPLATE.format(commands=" ".join(commands), values=values, options=options))


if __name__ == "__main__":
    main()
