#!/usr/bin/python3
"""complete.py PROGRAM FOLDER: completion for bash, zsh and fish, made of what the program itself says with --help."""
import pathlib
import re
import sys

from man import ask, read_commands, read_options

WORDS = {"STATE": "pending delivered dead expired"}
MADE = "# Completion of switchhook for {}. Made by packaging/complete.py from the program's own help.\n"
OPTION = re.compile(r"(--[\w-]+)(?:[= ](\S+))?$")

BASH = """_switchhook() {{
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

ZSH = """_switchhook() {{
  local -a commands=(
{commands}  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
{options}    *) _files ;;
  esac
}}
_switchhook "$@"
"""


def is_file(takes):
    return takes.split("|")[0] in ("FILE", "DIR")


def words(takes):
    """What may stand there, or nothing where it can be anything."""
    return WORDS.get(takes) or (takes.replace("|", " ") if "|" in takes and not is_file(takes) else "")


def read(program):
    """{command: (summary, [(option, what it takes or None, text)])}, without --help."""
    found = {}
    for name, summary in read_commands(program):
        usage = ask(program, name).partition("Usage: ")[2]
        options = [(*OPTION.search(option).groups(), text) for option, text in read_options(usage)]
        found[name] = summary, [option for option in options if option[0] != "--help"]
    return found


def bash(commands):
    names = {command: sorted({name for name, _, _ in options}) for command, (_, options) in commands.items()}
    takes = {name: value for _, options in commands.values() for name, value, _ in options if value}
    values = "".join(f'    {name}) mapfile -t COMPREPLY < <(compgen -W "{words(value)}" -- "$cur"); return ;;\n'
                     for name, value in sorted(takes.items()) if words(value))
    values += f'    {"|".join(sorted(name for name, value in takes.items() if is_file(value)))}) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;\n'
    options = "".join(f'    {command}) options="{" ".join(list_)}" ;;\n' for command, list_ in names.items())
    return MADE.format("bash") + BASH.format(commands=" ".join(commands), values=values, options=options)


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def zsh_option(name, takes, text):
    spec = name + ("=" if takes else "") + "[" + re.sub(r"([\[\]\\])", r"\\\1", text) + "]"
    if takes:
        spec += f":{takes.replace(':', ' ')}:" + ("_files" if is_file(takes) else f"({words(takes)})" if words(takes) else "")
    return quoted("*" + spec)  # popt takes an option as often as it comes


def zsh(commands):
    lines = "".join(f"    {quoted(f'{name}:{summary}')}\n" for name, (summary, _) in commands.items())
    options = "".join(f"    {command}) _arguments {' '.join(zsh_option(*option) for option in list_)} '*:file:_files' ;;\n"
                      for command, (_, list_) in commands.items())
    return "#compdef switchhook\n" + MADE.format("zsh") + ZSH.format(commands=lines, options=options)


def fish(commands):
    def fish_quoted(text):
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    lines = [MADE.format("fish").strip(), "complete -c switchhook -n __fish_use_subcommand -f"]
    for command, (summary, options) in commands.items():
        lines.append(f"complete -c switchhook -n __fish_use_subcommand -a {command} -d {fish_quoted(summary)}")
        for name, takes, text in options:
            value = "" if not takes else " -r -F" if is_file(takes) else f" -x -a {fish_quoted(words(takes))}" if words(takes) else " -x"
            lines.append(f"complete -c switchhook -n '__fish_seen_subcommand_from {command}' -l {name[2:]}{value} -d {fish_quoted(text)}")
    return "\n".join(lines) + "\n"


def main():
    commands, folder = read(sys.argv[1]), pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "switchhook").write_text(bash(commands))
    (folder / "_switchhook").write_text(zsh(commands))
    (folder / "switchhook.fish").write_text(fish(commands))


if __name__ == "__main__":
    main()
