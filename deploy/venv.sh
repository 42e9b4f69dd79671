#!/bin/sh
# Builds .venv with Python 3.10 and installs the project with its tested versions.
# Does nothing when the versions asked for have not changed since the last time.
set -eu
cd "$(dirname "$0")/.."

find_python() {
    if command -v python3.10 >/dev/null 2>&1 && python3.10 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' 2>/dev/null; then
        command -v python3.10
        return
    fi
    if command -v pyenv >/dev/null 2>&1; then
        for version in $(pyenv versions --bare 2>/dev/null | grep '^3\.10\.' | sort -t. -k3 -rn); do
            found="$(pyenv prefix "$version" 2>/dev/null)/bin/python"
            if [ -x "$found" ]; then
                echo "$found"
                return
            fi
        done
    fi
    if command -v uv >/dev/null 2>&1; then
        uv python find 3.10 2>/dev/null || { uv python install 3.10 >&2 2>/dev/null && uv python find 3.10; }
        return
    fi
}

wanted="$(cat pyproject.toml constraints.txt | cksum)"
if [ -f .venv/installed ] && [ "$(cat .venv/installed)" = "$wanted" ]; then
    exit 0
fi
if [ ! -x .venv/bin/python ]; then
    python="$(find_python || true)"
    if [ -z "$python" ]; then
        echo "Python 3.10 was not found: install it with your system's packages, “pyenv install 3.10” or “uv python install 3.10”, then try again." >&2
        exit 1
    fi
    echo "making .venv with $python"
    "$python" -m venv .venv
fi
echo "installing (several GB the first time; a few minutes on a good line) …"
if command -v uv >/dev/null 2>&1; then
    uv pip install --python .venv/bin/python -r constraints.txt
else
    .venv/bin/python -m pip install --disable-pip-version-check --progress-bar off -q -r constraints.txt
fi
.venv/bin/python -m compileall -q -j 0 .venv/lib bot knowledge nlu voice >/dev/null 2>&1 || true
echo "$wanted" > .venv/installed
