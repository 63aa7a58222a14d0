#!/usr/bin/env bash
# clang++, except that what RocksDB's sources include is parsed once instead of 340 times. Without optimisation, reading
# those headers is four fifths of what RocksDB takes to compile.
#
# Stands before the real one on PATH while `cargo xtask` builds. Everything but an unoptimised source of RocksDB goes to
# the real compiler untouched, and so does a source that does not compile this way. It must never change what a source
# means: the header that is parsed ahead is one of RocksDB's own, with the flags of the source.
set -eu
PATH=${PATH#"$(dirname "$0"):"}

unoptimised= source= object= flags=()
for argument in "$@"; do
    case "$argument" in
        -O0) unoptimised=1 ;;
        rocksdb/*.cc) source=$argument ;;
    esac
done
if [ -z "$unoptimised" ] || [ -z "$source" ] || [ -z "${OUT_DIR:-}" ] || ! command -v flock > /dev/null; then
    exec clang++ "$@"
fi

# Parsed headers fit only the flags that they were parsed with; source and object are no part of them.
while [ $# -gt 0 ]; do
    case "$1" in
        -o) object=$2; shift ;;
        -c | "$source") ;;
        *) flags+=("$1") ;;
    esac
    shift
done

ahead=$OUT_DIR/headers-of-rocksdb
(
    flock 9
    if [ ! -e "$ahead.pch" ]; then
        echo '#include "db/db_impl/db_impl.h"' > "$ahead.h"
        clang++ "${flags[@]}" -fpch-instantiate-templates -x c++-header "$ahead.h" -o "$ahead.new" 2> "$ahead.log" || : > "$ahead.new"
        mv "$ahead.new" "$ahead.pch"
    fi
) 9> "$ahead.lock"
if [ -s "$ahead.pch" ] && clang++ "${flags[@]}" -include-pch "$ahead.pch" -c "$source" -o "$object" 2>> "$ahead.log"; then
    exit 0
fi
exec clang++ "${flags[@]}" -c "$source" -o "$object"
