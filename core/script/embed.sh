#!/bin/sh
# embed.sh OUTPUT LUA...: a C file that puts the Lua files into the program.
set -eu
out=$1
shift
{
	echo '#include "script/prelude.h"'
	i=0
	for file; do
		path=$(cd "$(dirname "$file")" && pwd)/$(basename "$file")
		cat <<END
__asm__(".pushsection .rodata\\n.globl prelude_$i, prelude_${i}_end\\nprelude_$i:\\n.incbin \\"$path\\"\\n"
	"prelude_${i}_end:\\n.byte 0\\n.popsection\\n");
extern const char prelude_$i[], prelude_${i}_end[];
END
		i=$((i + 1))
	done
	echo 'const size_t prelude_n ='" $i;"
	i=0
	for file; do
		size=$(wc -c <"$file")
		sizes="${sizes:-}{prelude_$i, $size}, "
		i=$((i + 1))
	done
	echo "const struct str prelude_texts[] = {$sizes};"
} >"$out"
