# Steps that ./quickstart and ./check share: the Debian packages that this project needs, installing them, and building.

build_packages="gcc g++ meson ninja-build pkg-config lua5.4 liblua5.4-dev libuv1-dev libmicrohttpd-dev libyajl-dev uthash-dev libssl-dev
  libxxhash-dev libsqlite3-dev libglib2.0-dev libphonenumber-dev libcurl4-openssl-dev libhttp-parser-dev libexpat1-dev libpcre2-dev libpopt-dev libsmartcols-dev libjemalloc-dev zlib1g-dev libsystemd-dev tzdata ca-certificates"
test_packages="curl libcmocka-dev python3-pytest nginx-light tinyproxy openssl strace zsh fish prometheus chromium gsoap libgsoap-dev python3-spyne python3-zeep python3-lxml
  mkdocs python3-jsonschema mandoc systemd"

# As root: updates, and installs the packages. The daemons among them are for tests, which start their own: they are started neither now
# (policy-rc.d(8), but for one that is there already) nor at the next boot.
apt_install='
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap "rm -f $policy" EXIT
  trap "exit 1" INT TERM
  printf "#!/bin/sh\nexit 101\n" >"$policy"
  chmod +x "$policy"
fi
apt-get -q update && apt-get -qy install --no-install-recommends "$@" || exit 1
command -v systemctl >/dev/null || exit 0
for name in "$@"; do
  case $name in
    nginx-light) systemctl disable nginx ;;
    tinyproxy | prometheus) systemctl disable "$name" ;;
  esac
done
'

# Installs those of the named packages that are missing. Needs the network only then.
install_packages() {
  local name missing=() as_root=() log
  for name in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "== installing from Debian: ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "These packages are missing; install them as root, then start again." >&2
      return 1
    fi
    as_root=(sudo)
  fi
  log=$(mktemp)
  as_root+=(env DEBIAN_FRONTEND=noninteractive LC_ALL=C)
  if "${as_root[@]}" sh -c "$apt_install" sh "${missing[@]}" >"$log" 2>&1 </dev/null; then
    rm -f "$log"
    return 0
  fi
  tail -n 30 "$log" >&2
  rm -f "$log"
  return 1
}

# npm_packages FOLDER NPM_OPTION...: what its package-lock.json names, into its node_modules. Fails when there is no npm, or its registry
# cannot be reached.
npm_packages() {
  local folder=$1 stamp=$1/node_modules/.installed wanted log
  shift
  wanted="$(cksum "$folder/package-lock.json") $*"
  [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || return 0
  command -v npm >/dev/null || install_packages nodejs npm || return 1
  echo "== installing the packages of $folder/ with npm"
  log=$(mktemp)
  if (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund "$@") >"$log" 2>&1 </dev/null; then
    echo "$wanted" >"$stamp"
    rm -f "$log"
    return 0
  fi
  tail -n 5 "$log" >&2
  rm -f "$log"
  return 1
}

# build FOLDER OPTION...: configures the folder once with these options (anew when they change), and builds. Shows the compiler's words only if it fails.
build() {
  local folder=$1 log result=0
  shift
  log=$(mktemp)
  echo "== building in $folder/"
  if [ ! -f "$folder/build.ninja" ] || [ "$(cat "$folder/.options" 2>/dev/null)" != "$*" ]; then
    rm -rf "$folder"
    /usr/bin/meson setup "$folder" "$@" >"$log" 2>&1 </dev/null || result=1
    [ "$result" -ne 0 ] || echo "$*" >"$folder/.options"
  fi
  [ "$result" -ne 0 ] || /usr/bin/ninja -C "$folder" >>"$log" 2>&1 </dev/null || result=1
  [ "$result" -eq 0 ] || tail -n 60 "$log" >&2
  rm -f "$log"
  return "$result"
}
