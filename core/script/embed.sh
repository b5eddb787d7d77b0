#!/bin/sh
# embed.sh OUTPUT NAME LUA...: a C file that puts the Lua files into the program.
set -eu
out=$1
name=$2
shift 2
{
	echo '#include "script/prelude.h"'
	i=0
	for file; do
		path=$(cd "$(dirname "$file")" && pwd)/$(basename "$file")
		cat <<END
__asm__(".pushsection .rodata\\n.globl ${name}_$i, ${name}_${i}_end\\n${name}_$i:\\n.incbin \\"$path\\"\\n"
	"${name}_${i}_end:\\n.byte 0\\n.popsection\\n");
extern const char ${name}_$i[], ${name}_${i}_end[];
END
		i=$((i + 1))
	done
	echo 'const size_t '"$name"'_n ='" $i;"
	i=0
	for file; do
		size=$(wc -c <"$file")
		sizes="${sizes:-}{${name}_$i, $size}, "
		i=$((i + 1))
	done
	echo "const struct str ${name}_texts[] = {$sizes};"
} >"$out"
