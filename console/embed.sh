#!/bin/sh
# embed.sh OUTPUT LICENCES [FOLDER]: a C file that puts the console, built into FOLDER, into the program; without FOLDER, one that holds
# none. LICENCES: those of the packages that the console is made with.
set -eu
out=$1
if [ $# -gt 2 ]; then
	folder=$3
	node "$(dirname "$0")/build.mjs" "$folder"
	folder=$(cd "$folder" && pwd)
	names=$(cat "$folder/assets.list")
	cp "$folder/licences.txt" "$2"
else
	echo "This switchhook was built without the console." >"$2"
fi
{
	echo '#include "api/console_assets.h"'
	i=0
	for name in ${names:-}; do
		cat <<END
__asm__(".pushsection .rodata\\n.globl console_$i\\nconsole_$i:\\n.incbin \\"$folder/$name.gz\\"\\n.popsection\\n");
extern const char console_$i[];
END
		list="${list:-}	{\"$name\", {console_$i, $(wc -c <"$folder/$name.gz")}},
"
		i=$((i + 1))
	done
	# One more than there are: an empty array is no C.
	printf 'const struct console_asset console_assets[] = {\n%s	{0},\n};\n' "${list:-}"
	echo "const size_t console_n_assets = $i;"
} >"$out"
